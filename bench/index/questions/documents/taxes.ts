import type { SourceDocument } from '../form.ts'

export const taxes: readonly SourceDocument[] = [
  {
    id: 'icms',
    title: 'ICMS sobre a energia elétrica',
    passages: [
      {
        id: 'icms.por-dentro',
        heading: 'Cálculo por dentro',
        text: `O ICMS compõe a própria base de cálculo. Por isso o valor com tributos é obtido dividindo o valor sem tributos por 1 menos a soma das alíquotas: preço final = tarifa ÷ (1 - ICMS - PIS - COFINS). Com ICMS de 18 % e PIS/COFINS de 5 %, uma tarifa de R$ 0,77 resulta em R$ 1,00.`,
      },
      {
        id: 'icms.aliquotas',
        heading: 'Alíquotas por classe',
        text: `Alíquotas internas do ICMS no estado, por classe e consumo mensal:
Classe | Faixa | Alíquota
Residencial | até 50 kWh | isento
Residencial | 51 a 200 kWh | 12 %
Residencial | acima de 200 kWh | 18 %
Comercial e industrial | qualquer | 18 %
Rural produtor | qualquer | diferido`,
      },
      {
        id: 'icms.gd',
        heading: 'Isenção na micro e na minigeração',
        text: `A energia compensada por micro ou minigeração de até 1 MW é isenta de ICMS na parcela da TE. A isenção não alcança o custo de disponibilidade, a demanda nem, na maior parte dos estados, a TUSD, que segue tributada sobre toda a energia recebida da rede. O excedente de unidade de outro titular não goza do benefício.`,
      },
    ],
  },
  {
    id: 'pis-cofins',
    title: 'PIS e COFINS na conta de luz',
    passages: [
      {
        id: 'pis.regra',
        heading: 'Por que mudam todo mês',
        text: `As alíquotas nominais do PIS (1,65 %) e da COFINS (7,60 %) são fixas, mas a distribuidora desconta créditos das próprias compras. O que se repassa ao consumidor é a alíquota efetiva, apurada a cada mês, e por isso ela varia de uma fatura para a outra.`,
      },
      {
        id: 'pis.2024',
        heading: 'Alíquotas efetivas do primeiro trimestre de 2024',
        text: `Alíquotas efetivas aplicadas pela Distribuidora Serra Azul em 2024:
Mês | PIS | COFINS
Janeiro | 0,89 % | 4,11 %
Fevereiro | 0,74 % | 3,42 %
Março | 1,02 % | 4,70 %`,
      },
      {
        id: 'pis.2023',
        heading: 'Alíquotas efetivas do primeiro trimestre de 2023',
        text: `Alíquotas efetivas aplicadas pela Distribuidora Serra Azul em 2023:
Mês | PIS | COFINS
Janeiro | 0,95 % | 4,37 %
Fevereiro | 0,61 % | 2,81 %
Março | 0,83 % | 3,84 %`,
      },
    ],
  },
  {
    id: 'cip',
    title: 'Contribuição para a iluminação pública',
    passages: [
      {
        id: 'cip.regra',
        heading: 'O que é',
        text: `A CIP, ou COSIP, é uma contribuição do município que paga as lâmpadas, a energia e a manutenção da iluminação de ruas e praças. A distribuidora apenas arrecada na fatura e repassa à prefeitura; pedidos de conserto de lâmpada e dúvidas sobre o valor devem ser levados ao município.`,
      },
      {
        id: 'cip.vale-verde',
        heading: 'Tabela do município de Vale Verde',
        text: `Valores mensais da CIP em Vale Verde, classe residencial:
Consumo | Valor
até 80 kWh | isento
81 a 150 kWh | R$ 6,20
151 a 300 kWh | R$ 12,90
acima de 300 kWh | R$ 24,50
Imóveis rurais sem poste de luz a menos de 60 metros não pagam.`,
      },
      {
        id: 'cip.morro-alto',
        heading: 'Tabela do município de Morro Alto',
        text: `Valores mensais da CIP em Morro Alto, classe residencial:
Consumo | Valor
até 50 kWh | R$ 2,00
51 a 150 kWh | R$ 8,75
151 a 300 kWh | R$ 15,30
acima de 300 kWh | R$ 31,00
Não há isenção para a área rural.`,
      },
    ],
  },
]
