import { getLink, linkAnswer, newLink } from "../netlink/rtnl/link.ts";
import { change, NetlinkError, NLM_F, type Request, request } from "../netlink/socket/index.ts";
import type { KernelContext } from "./context.ts";
import type { LinkSpec } from "./link.ts";
import { attrsOf, EXT_MASK, flagBits, selector } from "./link-request.ts";
import { type Link, toLink } from "./link-value.ts";
import { withNetnsFd } from "./netns-fd.ts";

/** Makes a link and reads it back. */
export function addLink(ctx: KernelContext, spec: LinkSpec): Promise<Link> {
  return withNetnsFd(ctx, spec.netns, async (netNsFd) => {
    const create = change(
      newLink,
      {
        header: { index: spec.index, ...flagBits(spec) },
        attrs: {
          ifname: spec.name,
          ...attrsOf(spec),
          link: spec.link,
          numTxQueues: spec.numTxQueues,
          numRxQueues: spec.numRxQueues,
          netNsFd,
          linkInfo: spec.info,
        },
      },
      NLM_F.CREATE | NLM_F.EXCL,
      spec.name,
    );
    if (spec.netns === undefined || netNsFd === undefined) return await createAndRead(ctx, create, spec.name);
    await ctx.route().commit(create);
    try {
      return found(await spec.netns.link.get(spec.name), create.op);
    } catch (error) {
      // Made or not made: a link that nobody hears of would stay.
      await spec.netns.link.del(spec.name).catch(() => undefined);
      throw error;
    }
  });
}

/** One exchange: the link is made, then described. A refusal of the first leaves the second without meaning. */
export async function createAndRead(ctx: KernelContext, create: Request, name: string): Promise<Link> {
  const { header, attrs } = selector(name);
  const ask = request(getLink, { header, attrs: { ...attrs, extMask: EXT_MASK } }, NLM_F.REQUEST | NLM_F.ACK, name);
  const [made, described] = await ctx.route().exchange([create, ask]);
  const error = made?.error ?? described?.error;
  if (error) throw error;
  const reply = described?.replies.find((raw) => raw.type === newLink.type);
  return found(reply && toLink(linkAnswer.decode(reply.bytes)), create.op);
}

function found(link: Link | undefined, op: string): Link {
  if (link) return link;
  throw new NetlinkError(op, 19, { message: "the link vanished right after it was made" });
}
