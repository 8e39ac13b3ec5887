/** Exit codes of the command line (interfaces.md 8). */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  configuration: 3,
  cannotConnect: 4,
  notMonitoring: 5,
  notAllowed: 6,
  expectationsFailed: 99,
  interrupted: 130,
} as const;
