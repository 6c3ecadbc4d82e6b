import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { lack, makeOverlayLab, peerOf } from "./lab.ts";

interface Answer {
  readonly network: string;
  readonly mtu: number;
  readonly peers: { address: string; vtep: string; answers: boolean; ms?: number; mtu?: number; why?: string }[];
}

for (const underlay of [4, 6] as const)
  testUnless(
    lack,
    `over IPv${underlay}: overlay ping finds who answers, who does not, and what is lost on the way`,
    async () => {
      await using lab = await makeOverlayLab({ underlay });
      const one = lab.host(1);
      const peers = Object.fromEntries(lab.hosts.map(({ name, number }) => [name, peerOf(number, underlay)]));
      // One that is not there at all.
      await lab.tell({ ...peers, gone: peerOf(9, underlay) });
      const ask = async (): Promise<{ code: number; answer: Answer; text: string }> => {
        const [json, plain] = await Promise.all(
          [["--json"], []].map((more) => one.overlay("ping", "--timeout", "120", ...more)),
        );
        return { code: json?.code ?? -1, answer: JSON.parse(json?.stdout ?? ""), text: plain?.stdout ?? "" };
      };
      const full = underlay === 4 ? 1450 : 1430;
      const first = await ask();
      expect(first.code).toBe(1);
      expect(first.answer).toMatchObject({ network: "blue", mtu: full });
      const of = ({ peers: list }: Answer, vtep: string) => list.find((peer) => peer.vtep === vtep);
      for (const vtep of ["10.244.2.0", "10.244.3.0"])
        expect(of(first.answer, vtep)).toMatchObject({ answers: true, mtu: full });
      const gone = of(first.answer, "10.244.9.0");
      expect(gone?.answers).toBe(false);
      expect(gone?.why).toContain("nor does the host in the underlay");
      expect(first.text).toContain("network blue: 2 of 3 peers answer");

      // Without the entry of the tunnel on the other side, the host answers and its VTEP does not.
      const { place } = lab.host(2);
      await place.exec("ip", "link", "del", "ov42");
      const second = await ask();
      expect(of(second.answer, "10.244.2.0")?.why).toContain("the host itself does in the underlay");
      await lab.host(2).sync();

      // A hop that takes less than the hosts believe, and tells nobody: what containers would lose.
      await lab.tell(peers);
      expect((await one.overlay("ping")).code).toBe(0);
      const limit = underlay === 4 ? 1400 : 1380;
      const overhead = underlay === 4 ? 50 : 70;
      const rule = `table inet narrow { chain in { type filter hook input priority 0; udp dport 4789 meta length > ${limit} drop; }; }`;
      await lab.host(3).place.exec("nft", rule);
      const third = await ask();
      expect(third.code).toBe(1);
      expect(of(third.answer, "10.244.3.0")).toMatchObject({ answers: true, mtu: limit - overhead });
      expect(third.text).toContain(`${limit - overhead}, and ${full} is what containers use`);
    },
    40_000,
  );

testUnless(lack, "overlay ping refuses what is no time to wait", async () => {
  await using lab = await makeOverlayLab({ underlay: 4, hosts: 1 });
  for (const text of ["0", "-1", "soon", "1e3", "60001"]) {
    const ran = await lab.host(1).overlay("ping", "--timeout", text);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
  }
});
