// The shapes of the stream that this screen uses; the schemas they are made from stand in contract/http.ts.
export type {
  AlertMessage,
  AlertView,
  Beat,
  Measurement,
  PatientView,
  Snapshot,
  SystemState,
  TileView,
} from '../../contract/http.ts';
