import { unpackColumn } from '../column-codec.ts';

async function unzipped(id) {
  const binary = atob(document.getElementById(id).textContent.trim());
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What a page carries: its document, and its columns by their names. */
export async function carriedData() {
  const { document: data, columns } = JSON.parse(new TextDecoder().decode(await unzipped('report-document')));
  const bytes = await unzipped('report-columns');
  const column = (name) => (columns[name] === undefined ? new Float64Array(0) : unpackColumn(bytes, columns[name]));
  return { data, column };
}
