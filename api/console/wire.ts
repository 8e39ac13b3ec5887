// The shapes that this screen uses: types alone, so that no schema comes into the browser.
export type {
  AlertMessage,
  AlertView,
  Beat,
  Measurement,
  PatientView,
  Snapshot,
  SystemState,
  TileView,
  WaveMessage,
} from '../../contract/index.ts';
