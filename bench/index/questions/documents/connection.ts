import type { SourceDocument } from '../form.ts'

export const connection: readonly SourceDocument[] = [
  {
    id: 'norma-acesso',
    title: 'Norma técnica NT-21: conexão de micro e minigeração',
    passages: [
      {
        id: 'acesso.micro',
        heading: '5.1 Prazo do orçamento de conexão, microgeração',
        text: `5.1 Para microgeração a distribuidora emite o orçamento de conexão (antigo parecer de acesso) em até 15 dias quando a rede não precisa de obras e em até 30 dias quando precisa. A contagem começa no protocolo com todos os documentos exigidos.`,
      },
      {
        id: 'acesso.mini',
        heading: '5.2 Prazo do orçamento de conexão, minigeração',
        text: `5.2 Para minigeração a distribuidora emite o orçamento de conexão (antigo parecer de acesso) em até 45 dias, com ou sem obras na rede. Acima de 500 kW é exigido estudo de fluxo de potência feito pela distribuidora.`,
      },
      {
        id: 'acesso.validade',
        heading: '5.3 Validade do orçamento',
        text: `5.3 O orçamento de conexão vale por 10 dias úteis na microgeração e 60 dias na minigeração. Sem a aprovação do interessado nesse tempo, perde efeito e novo pedido deve ser apresentado, sujeito às condições da rede na nova data.`,
      },
      {
        id: 'acesso.documentos',
        heading: '5.4 Documentos',
        text: `5.4 O pedido leva: formulário assinado pelo titular; ART ou TRT do responsável técnico; diagrama unifilar; memorial descritivo; registro do inversor no Inmetro ou certificado equivalente; lista de unidades que receberão excedentes, com os percentuais; e, se for geração compartilhada, o instrumento jurídico que une os participantes. A falta de um item suspende a contagem do prazo até a entrega.`,
      },
      {
        id: 'acesso.vistoria',
        heading: '5.5 Vistoria e troca do medidor',
        text: `5.5 Pronta a instalação, o titular pede a vistoria em até 120 dias da emissão do orçamento. A distribuidora vistoria e instala o medidor bidirecional em até 7 dias na baixa tensão e 20 dias na média. Reprovada a vistoria, o relatório com as pendências sai em até 5 dias e a nova visita segue o mesmo prazo.`,
      },
      {
        id: 'acesso.inversao',
        heading: '5.6 Inversão de fluxo',
        text: `5.6 Se a nova central fizer a potência voltar pelo transformador ou pelo alimentador, a distribuidora aponta alternativas: limitar a injeção em horários do dia, reduzir a potência, conectar em outro ponto ou arcar com o reforço da rede. Ficam dispensados dessa análise os sistemas de até 7,5 kW para consumo no local e os que não injetam (grid zero).`,
      },
      {
        id: 'acesso.garantia',
        heading: '5.7 Garantia de fiel cumprimento',
        text: `5.7 O interessado em minigeração acima de 500 kW deposita garantia de fiel cumprimento: 2,5 % do investimento até 1 MW e 5 % acima disso. A garantia é devolvida até 30 dias depois da entrada em operação. Consórcios, cooperativas e múltiplas unidades consumidoras estão dispensados.`,
      },
      {
        id: 'acesso.protecao',
        heading: '6.2 Requisitos de proteção',
        text: `6.2 A central deve ter elemento de desconexão acessível, disjuntor, dispositivo de proteção contra surtos nos dois lados e proteções de sub e sobretensão, sub e sobrefrequência e anti-ilhamento. Faltando a rede, a injeção cessa em até 2 segundos, e a reconexão só ocorre depois de 180 segundos de tensão e frequência normais. Os ajustes de frequência são 57,5 Hz e 62,5 Hz.`,
      },
      {
        id: 'acesso.custos',
        heading: '7.1 Quem paga as obras',
        text: `7.1 Na microgeração o custo das melhorias na rede é da distribuidora, salvo quando a central fica em geração compartilhada. Na minigeração o interessado paga a participação financeira calculada pela diferença entre o custo da obra e o encargo de responsabilidade da distribuidora. O medidor é fornecido sem custo na microgeração.`,
      },
    ],
  },
  {
    id: 'ligacao-nova',
    title: 'Ligação nova e aumento de carga',
    passages: [
      {
        id: 'ligacao.prazos',
        heading: 'Prazos de ligação',
        text: `A ligação nova em baixa tensão é vistoriada e ligada em até 5 dias úteis quando o padrão de entrada está pronto e há rede na rua; em média tensão, em até 10 dias úteis. Se for preciso estender a rede, a obra em baixa tensão leva até 60 dias, e até 120 dias se a extensão for de até um quilômetro em média tensão.`,
      },
      {
        id: 'ligacao.padrao',
        heading: 'Padrão de entrada',
        text: `Limites do padrão de entrada em 220/127 V:
Tipo | Carga instalada | Disjuntor
Monofásico | até 8 kW | 63 A
Bifásico | de 8 a 15 kW | 63 A
Trifásico | de 15 a 25 kW | 80 A
Trifásico | de 25 a 75 kW | 100 a 200 A
A caixa do medidor fica no limite do terreno com a via pública, com leitura pelo lado de fora. O poste, a caixa e o aterramento são do consumidor; o ramal de conexão e o medidor são da distribuidora.`,
      },
    ],
  },
]
