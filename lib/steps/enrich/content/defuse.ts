/**
 * Marks by which servers part a conversation: a server that finds one in a document would begin another turn there. Our own fence is
 * three angle brackets, so three of them never stay together either.
 */
const marks = new RegExp(
  [
    String.raw`<\|`,
    String.raw`\|>`,
    '<｜',
    '｜>',
    '<<+',
    '>>+',
    String.raw`\[/?(?:INST|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|SYSTEM_PROMPT)\]`,
    '</?(?:s|think|thinking|tool_call|tool_response|tools|start_of_turn|end_of_turn|bos|eos|unk|pad|system|assistant|user)>',
    String.raw`\[(?:BOS|EOS|UNK|PAD|gMASK)\]`,
  ].join('|'),
  'gi',
)

/** A text in which no mark of a conversation is left: a space parts its characters. Ordinary text comes back unchanged. */
export function defuse(text: string): string {
  return text.replaceAll(marks, (mark) =>
    /^[<>]+$/.test(mark) ? [...mark].join(' ') : `${mark.slice(0, 1)} ${mark.slice(1)}`,
  )
}
