import { etcd } from '@quorate/schema';
import { method } from './methods.ts';

/** The calls about users and roles. */
export const authMethods = {
  enable: method('Auth/AuthEnable', etcd.AuthEnableRequest, etcd.AuthEnableResponse),
  disable: method('Auth/AuthDisable', etcd.AuthDisableRequest, etcd.AuthDisableResponse),
  status: method('Auth/AuthStatus', etcd.AuthStatusRequest, etcd.AuthStatusResponse),
  userAdd: method('Auth/UserAdd', etcd.AuthUserAddRequest, etcd.AuthUserAddResponse),
  userGet: method('Auth/UserGet', etcd.AuthUserGetRequest, etcd.AuthUserGetResponse),
  userList: method('Auth/UserList', etcd.AuthUserListRequest, etcd.AuthUserListResponse),
  userDelete: method('Auth/UserDelete', etcd.AuthUserDeleteRequest, etcd.AuthUserDeleteResponse),
  userChangePassword: method(
    'Auth/UserChangePassword',
    etcd.AuthUserChangePasswordRequest,
    etcd.AuthUserChangePasswordResponse,
  ),
  userGrantRole: method(
    'Auth/UserGrantRole',
    etcd.AuthUserGrantRoleRequest,
    etcd.AuthUserGrantRoleResponse,
  ),
  userRevokeRole: method(
    'Auth/UserRevokeRole',
    etcd.AuthUserRevokeRoleRequest,
    etcd.AuthUserRevokeRoleResponse,
  ),
  roleAdd: method('Auth/RoleAdd', etcd.AuthRoleAddRequest, etcd.AuthRoleAddResponse),
  roleGet: method('Auth/RoleGet', etcd.AuthRoleGetRequest, etcd.AuthRoleGetResponse),
  roleList: method('Auth/RoleList', etcd.AuthRoleListRequest, etcd.AuthRoleListResponse),
  roleDelete: method('Auth/RoleDelete', etcd.AuthRoleDeleteRequest, etcd.AuthRoleDeleteResponse),
  roleGrantPermission: method(
    'Auth/RoleGrantPermission',
    etcd.AuthRoleGrantPermissionRequest,
    etcd.AuthRoleGrantPermissionResponse,
  ),
  roleRevokePermission: method(
    'Auth/RoleRevokePermission',
    etcd.AuthRoleRevokePermissionRequest,
    etcd.AuthRoleRevokePermissionResponse,
  ),
};
