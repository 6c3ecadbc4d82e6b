import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "../support/run.ts";

/** Opens a page in a headless browser, and gives the title that it has then. @param budgetMs of the page's own time */
export async function inBrowser(page: string, budgetMs = 3_000): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tsnet-graph-"));
  try {
    const file = join(folder, "page.html");
    await Bun.write(file, page);
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${folder}/profile`];
    const dump = await must([
      "chromium",
      ...flags,
      `--virtual-time-budget=${budgetMs}`,
      "--dump-dom",
      `file://${file}`,
    ]);
    const title = /<title>([^<]*)<\/title>(?!.*<\/head>.*<title>)/.exec(dump)?.[1] ?? "";
    return title
      .replaceAll("&quot;", '"')
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&nbsp;", "\u00a0")
      .replaceAll("&amp;", "&");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
