import { formatIp, type Ip, parseIp } from "../../ip/index.ts";
import type { Published } from "../../plugin/nat/port-keys.ts";
import { UsageError } from "../usage-error.ts";

/** Which published ports are meant: one place, or, without an address, every place with this port. */
export interface WantedPort {
  readonly protocol: Published["protocol"];
  readonly port: number;
  readonly address: Ip | undefined;
}

const FORM = "form: tsnet ports release tcp 8080, tcp 127.0.0.1:8080, udp [::]:53";

/**
 * @param protocol `tcp`, `udp`, `sctp`
 * @param place `8080`, `127.0.0.1:8080`, `0.0.0.0:8080`, `[::]:8080`
 */
export function parseHostPort(protocol: string, place: string): WantedPort {
  const word = protocol.toLowerCase();
  if (word !== "tcp" && word !== "udp" && word !== "sctp")
    throw new UsageError(`"${protocol}" is no protocol with ports`, FORM);
  const found = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(place);
  const port = Number(found?.[3]);
  const addressText = found?.[1] ?? found?.[2];
  const address = addressText === undefined ? undefined : parseIp(addressText);
  const isWrongFamily = address !== undefined && (found?.[1] === undefined) !== (address.family === 4);
  if (!found || port < 1 || port > 65_535 || (addressText !== undefined && !address) || isWrongFamily)
    throw new UsageError(`"${place}" is no port of this host`, FORM);
  return { protocol: word, port, address };
}

/** `0.0.0.0` and `::` are the entries that hold for every address of their family. */
export function matches(wanted: WantedPort, published: Published): boolean {
  if (wanted.protocol !== published.protocol || wanted.port !== published.hostPort) return false;
  if (!wanted.address) return true;
  if (wanted.address.family !== published.family) return false;
  return published.hostAddress
    ? formatIp(wanted.address) === formatIp(published.hostAddress)
    : wanted.address.value === 0n;
}
