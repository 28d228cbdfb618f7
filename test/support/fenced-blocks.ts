/** An example of a page. */
export interface FencedBlock {
  /** The heading that it stands below. */
  readonly section: string;
  /** The word after the fence. */
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a Markdown page, in their order. */
export function fencedBlocks(page: string): FencedBlock[] {
  const found = page.matchAll(/^#+ (?<section>.+)$|^```(?<language>\w*)\n(?<text>[\s\S]*?)^```$/gm);
  let section = "";
  const blocks: FencedBlock[] = [];
  for (const { groups } of found) {
    if (groups?.["section"] !== undefined) {
      section = groups["section"];
    } else {
      blocks.push({ section, language: groups?.["language"] ?? "", text: groups?.["text"] ?? "" });
    }
  }
  return blocks;
}
