/** Error codes of CNI specification 1.1.0, section "Error"; 8 comes from the reference implementation. */
export const CNI_CODE = {
  UNKNOWN: 0,
  INCOMPATIBLE_VERSION: 1,
  UNSUPPORTED_FIELD: 2,
  UNKNOWN_CONTAINER: 3,
  INVALID_ENVIRONMENT: 4,
  IO_FAILURE: 5,
  DECODING_FAILURE: 6,
  INVALID_NETWORK_CONFIG: 7,
  INVALID_NETNS: 8,
  TRY_AGAIN_LATER: 11,
  PLUGIN_NOT_AVAILABLE: 50,
  LIMITED_CONNECTIVITY: 51,
  /** First code free for plugins. Ours: 100, the operation failed in the kernel or on disk. */
  OPERATION_FAILED: 100,
  /** CHECK found something missing or changed. */
  CHECK_FAILED: 101,
  /** Only for bugs. */
  INTERNAL: 999,
} as const;

/** What a plugin answers instead of a result: `msg` says what failed in one line, `details` why and what to do. */
export class CniError extends Error {
  override readonly name = "CniError";
  readonly code: number;
  readonly details: string;

  constructor(code: number, msg: string, details = "", options?: ErrorOptions) {
    super(msg, options);
    this.code = code;
    this.details = details;
  }
}
