/** Looking at the namespaces of a host; see README.md. Nothing in here prints or changes anything. */
export { type FindOptions, findNamespaces, labelOf } from "./find.ts";
export type { Container, Handle, Host, Namespace, Pod, Process, Remark } from "./model.ts";
export { CannotOpen, openNamespace } from "./open.ts";
export { type Look, lookAt, type Peer } from "./peers.ts";
export {
  ALL_PARTS,
  type ConntrackUsage,
  type Part,
  type Parts,
  readNamespace,
  type Snapshot,
  type TrafficControl,
} from "./snapshot.ts";
export { type SocketOwner, socketOwners } from "./socket-owners.ts";
