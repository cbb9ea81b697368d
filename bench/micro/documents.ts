import PDFDocument from 'pdfkit'
import { seeded } from '../../test/helpers/seeded.ts'

const words =
  `distribuidora consumidor unidade energia demanda contratada tarifa vigência resolução homologatória reajuste parcela encargo tensão classe residencial
  comercial industrial rural poder público iluminação serviço medição faturamento bandeira verde amarela vermelha modalidade horária ponta fora posto
  intermediário geração distribuída compensação crédito excedente injetada inversor módulo potência instalada conexão acesso parecer orçamento prazo
  dias úteis vistoria ramal ligação padrão entrada proteção sobretensão qualidade continuidade indicador coletivo individual limite ultrapassagem
  compensado ressarcimento perdas técnicas receita requerida base remuneração ativos depreciação capital custo médio`.split(
    /\s+/,
  )

/** A document as a distributor publishes them: articles over pages, every few pages a ruled table of tariffs. Other numbers, other words. */
export function document(number: number, pages: number): Promise<Buffer> {
  const random = seeded(number + 1)
  const pdf = new PDFDocument({ size: 'A4', margin: 56, info: { Title: `REH ${3000 + number}` } })
  const chunks: Buffer[] = []
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
  pdf.on('end', () => resolve(Buffer.concat(chunks)))
  pdf.on('error', reject)
  const sentence = () => {
    const text = Array.from(
      { length: 14 + Math.floor(random() * 12) },
      () => words[Math.floor(random() * words.length)],
    )
    return `${text.join(' ').replace(/^./, (letter) => letter.toUpperCase())}.`
  }
  for (let page = 1; page <= pages; page += 1) {
    if (page > 1) pdf.addPage()
    if (page === 1)
      pdf
        .fontSize(14)
        .text(`RESOLUÇÃO HOMOLOGATÓRIA Nº ${3000 + number}, DE 2026`, { align: 'center' })
        .moveDown()
    pdf.fontSize(10)
    const table = page % 4 === 0
    for (let article = 1; article <= (table ? 3 : 6); article += 1) {
      pdf.text(`Art. ${(page - 1) * 6 + article}º ${sentence()} ${sentence()} ${sentence()}`).moveDown(0.6)
    }
    if (table) drawTable(pdf, random)
  }
  pdf.end()
  return promise
}

function drawTable(pdf: PDFKit.PDFDocument, random: () => number): void {
  const top = pdf.y + 10
  const head = ['Subgrupo', 'Posto', 'TUSD R$/kW', 'TUSD R$/MWh', 'TE R$/MWh']
  for (let row = 0; row < 12; row += 1) {
    for (const [column, title] of head.entries()) {
      const text =
        row === 0
          ? title
          : column === 0
            ? `A${1 + (row % 4)}`
            : column === 1
              ? ['P', 'FP'][row % 2]
              : (random() * 500).toFixed(2)
      pdf.rect(56 + column * 96, top + row * 18, 96, 18).stroke()
      pdf.text(text ?? '', 60 + column * 96, top + row * 18 + 5, { lineBreak: false, height: 12 })
    }
  }
}
