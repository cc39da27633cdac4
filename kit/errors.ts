/**
 * Every reason a call can fail for, and the gRPC status it travels as.
 * A reason is added only when some caller must act differently on it; docs/errors.md has a row for each.
 */
export const REASONS = {
  INVALID_NAME: 'INVALID_ARGUMENT',
  INVALID_SIZE: 'INVALID_ARGUMENT',
  INVALID_REFERENCE: 'INVALID_ARGUMENT',
  INVALID_FIELD: 'INVALID_ARGUMENT',
  VM_NOT_FOUND: 'NOT_FOUND',
  IMAGE_NOT_FOUND: 'NOT_FOUND',
  KERNEL_NOT_FOUND: 'NOT_FOUND',
  OPERATION_NOT_FOUND: 'NOT_FOUND',
  CONTRACT_NOT_FOUND: 'NOT_FOUND',
  VM_EXISTS: 'ALREADY_EXISTS',
  IMAGE_EXISTS: 'ALREADY_EXISTS',
  KERNEL_EXISTS: 'ALREADY_EXISTS',
  VM_NOT_RUNNING: 'FAILED_PRECONDITION',
  VM_RUNNING: 'FAILED_PRECONDITION',
  IMAGE_IN_USE: 'FAILED_PRECONDITION',
  HOST_NOT_READY: 'FAILED_PRECONDITION',
  FEATURE_UNSUPPORTED: 'FAILED_PRECONDITION',
  NO_FREE_ADDRESS: 'RESOURCE_EXHAUSTED',
  DISK_FULL: 'RESOURCE_EXHAUSTED',
  SERVICE_UNAVAILABLE: 'UNAVAILABLE',
  GUEST_UNREACHABLE: 'UNAVAILABLE',
  BOOT_TIMEOUT: 'DEADLINE_EXCEEDED',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  CANCELLED: 'CANCELLED',
  OPERATION_REFUSED: 'PERMISSION_DENIED',
  PEER_REFUSED: 'PERMISSION_DENIED',
  NOT_IMPLEMENTED: 'UNIMPLEMENTED',
  IMAGE_CORRUPT: 'DATA_LOSS',
  COMMAND_FAILED: 'INTERNAL',
  STATE_CORRUPT: 'DATA_LOSS',
  INTERNAL: 'INTERNAL',
} as const;

export type Reason = keyof typeof REASONS;

/** The one error type of banger: a reason for programs, a message for people, facts for both. */
export class BangerError extends Error {
  override readonly name = 'BangerError';
  readonly reason: Reason;
  /** Named facts (the vm, the path, the limit) that a program would otherwise cut out of the message. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    reason: Reason,
    message: string,
    options: { cause?: unknown; metadata?: Readonly<Record<string, string>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.metadata = options.metadata ?? {};
  }
}

export function isReason(text: string): text is Reason {
  return Object.hasOwn(REASONS, text);
}

export function hasReason(error: unknown, reason: Reason): error is BangerError {
  return error instanceof BangerError && error.reason === reason;
}
