/** A page in the shape of a distributor's: menus, scripts, accordions, and tables of tariffs under headings. */
export interface MadePage {
  html: string
  /** Names of the tables, in the headings too. */
  tables: string[]
  rows: number
}

const postos = ['Ponta', 'Intermediário', 'Fora Ponta']
const price = (seed: number) => `0,${String((seed * 7_919) % 90_000).padStart(5, '0')}`.replace('0,0', '0,1')

/** Makes a page with so many tables of so many rows, and about as many bytes of other things as asked for. */
export function makePage(tables: number, rows: number, otherBytes: number): MadePage {
  const names = Array.from({ length: tables }, (_, at) => `Tarifa ${String.fromCharCode(65 + (at % 26))}${at}x`)
  const item = (at: number) =>
    `<li class="menu-item menu-item-${at}"><a href="/pagina-${at}" title="Página ${at}"><span>Serviço número ${at}</span></a></li>`
  const filler: string[] = []
  for (let at = 0, size = 0; size < otherBytes; at++) {
    const part =
      at % 20 === 0
        ? `<script>window.dados${at} = ${JSON.stringify({ chave: at, lista: [1, 2, 3], texto: 'abc' })}</script>`
        : at % 7 === 0
          ? `<p>Confira as condições de atendimento nº ${at}: <strong>prazo</strong> de ${at} dias, <em>sem custo</em> &nbsp; para o consumidor.</p>`
          : item(at)
    filler.push(part)
    size += part.length
  }
  const table = (name: string, at: number) =>
    `<section class="table"><h3>${name}</h3><table class="plain"><tbody>
<tr><td>Subgrupos</td><td>Classificação</td><td>Componentes</td><td>Demanda&nbsp;R$/kW</td><td>Energia R$/kWh</td></tr>
${Array.from({ length: rows }, (_, row) => {
  const first = row % 3 === 0 ? `<td rowspan="3">B${1 + (row % 4)}</td><td rowspan="3">Classe <b>${row}</b></td>` : ''
  return `<tr>${first}<td>${postos[row % 3]}</td><td>0</td><td>R$&nbsp;${price(at * 1_000 + row + 1)}</td></tr>`
}).join('\n')}</tbody></table></section>`
  const half = Math.floor(filler.length / 2)
  const html = `<!doctype html><html lang="pt-BR"><head><meta charset="utf-8"><title>Tarifas</title></head><body>
<nav><ul>${filler.slice(0, half).join('\n')}</ul></nav><main><h1>Tarifas</h1>${names.map(table).join('\n')}</main>
<footer>${filler.slice(half).join('\n')}</footer></body></html>`
  return { html, tables: names, rows: tables * rows }
}
