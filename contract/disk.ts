/** The file system under every durable file, narrow enough that a test can be one that loses power. Paths are absolute. */
export interface Disk {
  /**
   * Opens a file for reading and writing.
   * `create`: made if absent (it must not exist). `durable`: a completed write has reached the medium (`O_DSYNC`).
   */
  open(path: string, options: { readonly create: boolean; readonly durable: boolean }): Promise<DiskFile>;
  /** Names in a folder, sorted; an absent folder is empty. */
  list(folder: string): Promise<readonly string[]>;
  /** Makes the folder and its parents. */
  makeFolder(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes creations, renames and removals in this folder durable (fsync of the directory). */
  syncFolder(path: string): Promise<void>;
  /** Bytes still free on the volume of this folder. */
  free(folder: string): Promise<number>;
}

export interface DiskFile {
  readonly path: string;
  /** Reads up to `length` bytes at `position`; fewer at the end of the file. */
  read(length: number, position: number): Promise<Uint8Array>;
  /** Writes all bytes at `position`, or rejects; a short write is a rejection. Durable when it resolves if opened `durable`. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** fdatasync: what was written before has reached the medium. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}
