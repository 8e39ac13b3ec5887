// The shapes that this screen uses: types alone, so that no schema comes into the browser.
export type { AlertView, Measurement, PatientView, SystemState, TileView } from '../../contract/index.ts';
export type { AlertMessage, Beat, Snapshot } from '../../contract/index.ts';
