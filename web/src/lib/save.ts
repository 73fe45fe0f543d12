// Files the reader takes along.

/** RFC 4180; a cell that a spreadsheet would run as a formula is written as text. */
export function csvText(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) => {
    if (typeof value === 'number') return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}
export function fileName(title: string, ending: string): string {
  const name = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '');
  return `cairn-${name || 'table'}.${ending}`;
}
export function saveBlob(blob: Blob, name: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
export function saveCsv(title: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]) {
  saveBlob(new Blob([csvText(head, rows)], { type: 'text/csv;charset=utf-8' }), fileName(title, 'csv'));
}
