import { ErrorInfo } from '#proto/google/rpc/error_details.ts';
import { Status } from '#proto/google/rpc/status.ts';
import { isAbort } from './abort.ts';
import { BangerError, isReason, REASONS, type Reason } from './errors.ts';
import { GRPC_STATUS, type GrpcStatusName, statusName } from './grpc-status.ts';
import { nameStorageFailure } from './storage-failure.ts';

const DOMAIN = 'banger';
const ERROR_INFO_TYPE = 'type.googleapis.com/google.rpc.ErrorInfo';

/** The trailer that carries a google.rpc.Status, by gRPC's convention. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';

export type RpcError = { code: number; message: string; details: Buffer };

/**
 * What a caller may learn of an error. Ours pass whole; an abort is a cancellation; of anything else only
 * the operation id leaves the process, because its text may hold what the caller must not see.
 */
export function toRpcError(error: unknown, opId: string): RpcError {
  const known = toBangerError(error, opId);
  // Half a character, as from text that was cut, cannot be encoded and would break the whole answer.
  const message = known.message.toWellFormed();
  const code = GRPC_STATUS[REASONS[known.reason]];
  const info = ErrorInfo.encode({
    reason: known.reason,
    domain: DOMAIN,
    metadata: { ...known.metadata },
  }).finish();
  const details = Status.encode({
    code,
    message,
    details: [{ typeUrl: ERROR_INFO_TYPE, value: Buffer.from(info) }],
  }).finish();
  return { code, message, details: Buffer.from(details) };
}

function toBangerError(error: unknown, opId: string): BangerError {
  if (error instanceof BangerError) return error;
  if (isAbort(error)) return new BangerError('CANCELLED', 'the call was cancelled');
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new BangerError('DEADLINE_EXCEEDED', 'the call took longer than the service allows');
  }
  const failure = nameStorageFailure(error);
  if (failure !== undefined) return failure;
  return new BangerError('INTERNAL', `internal error; the service's log has it under ${opId}`);
}

/** The error a service sent, as the same BangerError it threw. */
export function fromRpcError(code: number, message: string, details: string | undefined) {
  const info = details === undefined ? undefined : findErrorInfo(Buffer.from(details, 'base64'));
  if (info !== undefined && isReason(info.reason)) {
    return new BangerError(info.reason, message, { metadata: info.metadata });
  }
  const name = statusName(code);
  return new BangerError(REASON_OF_STATUS[name] ?? 'INTERNAL', message || name.toLowerCase());
}

/** For errors that gRPC itself made, which carry no reason of ours. */
const REASON_OF_STATUS: Partial<Record<GrpcStatusName, Reason>> = {
  CANCELLED: 'CANCELLED',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  UNIMPLEMENTED: 'NOT_IMPLEMENTED',
  INVALID_ARGUMENT: 'INVALID_FIELD',
  PERMISSION_DENIED: 'OPERATION_REFUSED',
  RESOURCE_EXHAUSTED: 'INVALID_FIELD',
};

/** Details that cannot be read say nothing; the status beside them still does. */
function findErrorInfo(bytes: Buffer): ErrorInfo | undefined {
  try {
    const detail = Status.decode(bytes).details.find(({ typeUrl }) => typeUrl === ERROR_INFO_TYPE);
    const info = detail === undefined ? undefined : ErrorInfo.decode(detail.value);
    return info?.domain === DOMAIN ? info : undefined;
  } catch {
    return undefined;
  }
}
