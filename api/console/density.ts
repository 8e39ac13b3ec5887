// How many columns a wall has: as many as make the digits largest (console.md 3). Pure.

/** How much a tile shows, by the number of patients. */
export type Density = 'strips' | 'roomy' | 'numbers';

export function densityOf(patients: number): Density {
  if (patients <= 8) return 'strips';
  return patients <= 16 ? 'roomy' : 'numbers';
}

/** Share of a tile's width and height that its digits take, as in tile.css. */
const digits = {
  strips: { width: 0.246, height: 0.205 },
  roomy: { width: 0.246, height: 0.27 },
  numbers: { width: 0.25, height: 0.2 },
} as const;

export function columnsFor(patients: number, width: number, height: number): number {
  const { width: ofWidth, height: ofHeight } = digits[densityOf(patients)];
  let best = { columns: 1, size: 0 };
  for (let columns = 1; columns <= Math.max(1, patients); columns++) {
    const rows = Math.ceil(patients / columns);
    const size = Math.min((width / columns) * ofWidth, (height / rows) * ofHeight);
    if (size > best.size) best = { columns, size };
  }
  return best.columns;
}
