import { type RpcError, rpcErrors, StatusCode } from '../rpc-error.ts';
import type { AuthRefusal } from './auth-model.ts';

/** As clients know them: they have no code of their own in the API. */
export const authErrors = {
  passwordGiven: {
    code: StatusCode.unknown,
    message: 'auth: authentication failed, password was given for no password user',
  },
  passwordTooLong: {
    code: StatusCode.unknown,
    message: 'bcrypt: password length exceeds 72 bytes',
  },
  verifyOnly: {
    code: StatusCode.unknown,
    message: 'auth: token signing attempted with verify-only key',
  },
} as const satisfies Record<string, RpcError>;

const refusals: Record<AuthRefusal, RpcError> = {
  authNotEnabled: rpcErrors.authNotEnabled,
  authRevisionOld: rpcErrors.authRevisionOld,
  authenticationFailed: rpcErrors.authenticationFailed,
  invalidAuthManagement: rpcErrors.invalidAuthManagement,
  permissionDenied: rpcErrors.permissionDenied,
  permissionNotGranted: rpcErrors.permissionNotGranted,
  roleExists: rpcErrors.roleExists,
  roleNameEmpty: rpcErrors.roleNameEmpty,
  roleNotFound: rpcErrors.roleNotFound,
  roleNotGranted: rpcErrors.roleNotGranted,
  rootRoleNotGranted: rpcErrors.rootRoleNotGranted,
  rootUserNotFound: rpcErrors.rootUserNotFound,
  userExists: rpcErrors.userExists,
  userNameEmpty: rpcErrors.userNameEmpty,
  userNotFound: rpcErrors.userNotFound,
};

export function rpcErrorOfAuth(refusal: AuthRefusal): RpcError {
  return refusals[refusal];
}
