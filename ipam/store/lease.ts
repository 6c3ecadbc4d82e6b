import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { formatIp, type Ip, parseIp, sameIp } from "../../src/ip/index.ts";
import { type Choice, chooseAddress } from "./allocate.ts";
import { bytesOf, errnoOf, readIfThere } from "./files.ts";
import { lastReservedPath, leasePath } from "./layout.ts";
import { leaseText, leaseTextsOf } from "./owner.ts";
import { formatRangeSet, gatewaysOf, type RangeSet, rangeFor } from "./ranges.ts";
import { type Session, type StoreContext, withLeases } from "./session.ts";

export interface AllocateRequest {
  readonly containerId: string;
  readonly ifName: string;
  readonly sets: readonly RangeSet[];
  /** Addresses asked for; each set takes at most one, and all must be taken. */
  readonly requested: readonly Ip[];
  /** An address this attachment already has is given again, where otherwise it is an error. */
  readonly reuseExisting: boolean;
}

/** One address per range set, in the order of the sets; all or none. */
export async function allocate(context: StoreContext, request: AllocateRequest): Promise<Choice[]> {
  return await withLeases(context, (session) => {
    const wanted = distribute(request);
    const content = leaseText({ containerId: request.containerId, ifName: request.ifName });
    const held = leaseTextsOf(request.containerId, request.ifName).flatMap((key) => session.held(key));
    const made: Ip[] = [];
    try {
      return request.sets.map((set, number) => {
        const choice = allocateFrom(session, request, set, wanted[number], existingIn(set, held), content);
        if (choice.made) made.push(choice.ip);
        return { ip: choice.ip, range: choice.range };
      });
    } catch (error) {
      // What this call made, and nothing else: the attachment may be alive with addresses of an earlier ADD.
      throw takeBack(session, made, content, error);
    }
  });
}

/** Frees what a failed call made, and gives the error to throw: the first cause, with what could not be freed beside it. */
function takeBack(session: Session, made: readonly Ip[], content: string, cause: unknown): unknown {
  const left: string[] = [];
  for (const ip of made) {
    try {
      session.drop(ip, content);
    } catch (error) {
      if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
      left.push(`${formatIp(ip)} could not be freed again: ${error.message}`);
    }
  }
  if (left.length === 0 || !(cause instanceof Error)) return cause;
  const { code, details } = cause instanceof CniError ? cause : { code: CNI_CODE.OPERATION_FAILED, details: "" };
  return new CniError(code, cause.message, [details, ...left].filter((line) => line !== "").join("\n"), { cause });
}

/** Which set takes which requested address. Throws when one is left over. */
function distribute(request: AllocateRequest): (Ip | undefined)[] {
  const left = request.requested.filter((ip, i, all) => all.findIndex((other) => sameIp(other, ip)) === i);
  const wanted = request.sets.map((set) => {
    const at = left.findIndex((ip) => rangeFor(set, ip) !== undefined);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  });
  if (left.length > 0)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `failed to allocate all requested IPs: ${left.map(formatIp).join(" ")}`,
      `the range sets are ${request.sets.map(formatRangeSet).join("; ")}; each gives at most one address`,
    );
  return wanted;
}

type Allocated = Choice & { readonly made: boolean };

function allocateFrom(
  session: Session,
  request: AllocateRequest,
  set: RangeSet,
  wanted: Ip | undefined,
  existing: Choice | undefined,
  content: string,
): Allocated {
  const agreed =
    wanted === undefined ? existing : existing !== undefined && sameIp(existing.ip, wanted) ? existing : undefined;
  if (agreed !== undefined && request.reuseExisting) return { ...agreed, made: false };
  if (wanted !== undefined) return { ...placeRequested(session, request, set, wanted, content), made: true };
  if (existing !== undefined)
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      `${formatIp(existing.ip)} has been allocated to ${request.containerId} ${request.ifName}, duplicate allocation is not allowed`,
      'ADD needs a DEL before it is repeated; with "reuseExisting": true in ipam it gets the same address again',
    );
  return { ...placeNext(session, request, set, content), made: true };
}

/** The address of this set among those that the attachment holds already. */
function existingIn(set: RangeSet, held: readonly Ip[]): Choice | undefined {
  for (const ip of held) {
    const range = rangeFor(set, ip);
    if (range !== undefined) return { ip, range };
  }
  return undefined;
}

function placeRequested(session: Session, request: AllocateRequest, set: RangeSet, ip: Ip, content: string): Choice {
  const range = rangeFor(set, ip);
  if (range === undefined || gatewaysOf(request.sets).some((gateway) => sameIp(gateway, ip)))
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `requested ip ${formatIp(ip)} is subnet's gateway`,
      "a gateway's address is never handed out; ask for another one",
    );
  if (!session.place(ip, content))
    throw new CniError(
      CNI_CODE.TRY_AGAIN_LATER,
      `requested IP address ${formatIp(ip)} is not available in range set ${formatRangeSet(set)}`,
      `it is held by ${describeHolder(session, ip)}; a leftover goes with GC, or by removing ${leasePath(session.context.layout, ip)}`,
    );
  writeLast(session, request, set, ip);
  return { ip, range };
}

function describeHolder(session: Session, ip: Ip): string {
  const key = session.holder(ip);
  return key === undefined ? "a file that is no lease" : key.replace("\r\n", " ");
}

/** How often the folder is read anew when an address that should be free is not: somebody writes without the lock. */
const MAX_TRIES = 4;

function placeNext(session: Session, request: AllocateRequest, set: RangeSet, content: string): Choice {
  const number = request.sets.indexOf(set);
  const last = readLast(session, number);
  const gateways = gatewaysOf(request.sets);
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const choice = chooseAddress(set, last, gateways, session.nextFree);
    if (choice === undefined) {
      throw new CniError(
        CNI_CODE.TRY_AGAIN_LATER,
        `failed to allocate for range ${number}: no IP addresses available in range set: ${formatRangeSet(set)}`,
        `each has a file in ${session.context.layout.leases}; leftovers go with GC, or by removing their files`,
      );
    }
    if (session.place(choice.ip, content)) {
      writeLast(session, request, set, choice.ip);
      return choice;
    }
    session.scan();
  }
  throw new CniError(
    CNI_CODE.TRY_AGAIN_LATER,
    `failed to allocate for range ${number}: addresses were taken while they were being allocated`,
    `something writes to ${session.context.layout.leases} without taking its lock`,
  );
}

function readLast(session: Session, number: number): Ip | undefined {
  const { files, layout } = session.context;
  try {
    return parseIp(readIfThere(files, lastReservedPath(layout, number), 256) ?? "");
  } catch (error) {
    // Without it only the order of addresses begins anew.
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

function writeLast(session: Session, request: AllocateRequest, set: RangeSet, ip: Ip): void {
  const { files, layout } = session.context;
  try {
    files.writeAt(lastReservedPath(layout, request.sets.indexOf(set)), 0, bytesOf(formatIp(ip)), 0o600, true);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
