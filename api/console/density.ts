// How many columns a wall has: as many as make the digits largest (console.md 3). Pure.

/** How much a tile shows, by the number of patients. */
export type Density = 'strips' | 'roomy' | 'numbers';

function densityOf(patients: number): Density {
  if (patients <= 8) return 'strips';
  return patients <= 16 ? 'roomy' : 'numbers';
}

/** Share of a tile's width and height that its digits take, as in tile.css. */
const digits = {
  strips: { width: 0.246, height: 0.205 },
  roomy: { width: 0.246, height: 0.27 },
  numbers: { width: 0.25, height: 0.2 },
} as const;

/** A tile lower than this, in lines of text, has no room for its strip, or for labels beside its numbers. */
const leastRem = { strips: 16, roomy: 12.5, numbers: 0 } as const;

export interface Layout {
  readonly density: Density;
  readonly columns: number;
}

/** How a wall of this size, with text of this size, is laid out. */
export function layoutOf(patients: number, width: number, height: number, remPx: number): Layout {
  const density = densityOf(patients);
  const columns = columnsFor(patients, width, height, density);
  const tileRem = height / Math.ceil(Math.max(1, patients) / columns) / remPx;
  if (tileRem >= leastRem[density]) return { density, columns };
  return { density: 'numbers', columns: columnsFor(patients, width, height, 'numbers') };
}

function columnsFor(patients: number, width: number, height: number, density: Density): number {
  const { width: ofWidth, height: ofHeight } = digits[density];
  let best = { columns: 1, size: 0 };
  for (let columns = 1; columns <= Math.max(1, patients); columns++) {
    const rows = Math.ceil(patients / columns);
    const size = Math.min((width / columns) * ofWidth, (height / rows) * ofHeight);
    if (size > best.size) best = { columns, size };
  }
  return best.columns;
}
