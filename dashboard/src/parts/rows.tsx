import type { ComponentChildren } from 'preact';

interface TableProps {
  label: string;
  heads: [name: string, isRight?: boolean][];
  rows: ComponentChildren[][];
}

/** Cells in the order of the heads. */
export function Rows({ label, heads, rows }: TableProps) {
  return (
    <div class="table" tabIndex={0} role="region" aria-label={`${label}, table`}>
      <table>
        <thead>
          <tr>
            {heads.map(([name, isRight]) => (
              <th key={name} scope="col" class={isRight ? 'right' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, column) => (
                <td key={column} class={heads[column]?.[1] ? 'right' : ''}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
