/** The configuration for programs. Secrets are not in it: they stand in files of their own, or beside the settings. */
export interface ConfigurationJson {
  readonly schemaVersion: 1;
  readonly type: 'configuration';
  /** The file that was read. */
  readonly file?: string;
  readonly values: readonly SettingJson[];
}

export interface SettingJson {
  /** "client.port". */
  readonly key: string;
  /** Null: left out, `otherwise` holds. */
  readonly value: unknown;
  readonly source: 'flag' | 'environment' | 'file' | 'default';
  /** What it was said of: "--port", "TEREDO_CLIENT_PORT". */
  readonly name?: string;
  /** File and line. */
  readonly where?: string;
  readonly unit?: string;
  readonly description: string;
  readonly otherwise?: string;
}
