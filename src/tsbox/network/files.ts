/** The container's /etc/hosts. `address` is its own; `undefined` without network. */
export function hostsFile(hostname: string, address: string | undefined): string {
  const [short = hostname] = hostname.split(".");
  const names = short === hostname ? hostname : `${hostname} ${short}`;
  const own = address === undefined ? `127.0.1.1\t${names}` : `${address}\t${names}`;
  return `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
${own}
`;
}

/**
 * The container's /etc/resolv.conf, from the host's: name servers on the host's loopback cannot be reached from a network
 * namespace of one's own and are left out.
 */
export function resolvConf(hosts: string): string {
  const lines = hosts
    .slice(0, 64 * 1024)
    .split("\n")
    .filter((line) => /^\s*(nameserver|search|domain|options|sortlist)\s/.test(line));
  const kept = lines.filter((line) => !/^\s*nameserver\s+(127\.|::1\s*$)/.test(line));
  const left = lines.length - kept.length;
  const note = left > 0 ? [`# ${left} of the host's name servers listen on its loopback address alone`] : [];
  return [...note, ...kept, ""].join("\n");
}
