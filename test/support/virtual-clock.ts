// Where tests find the clock of `virtual-system.ts`.
export { VirtualClock } from '../../virtual-clock.ts';
