import type { SourceDocument } from '../form.ts'

export const billing: readonly SourceDocument[] = [
  {
    id: 'faturamento',
    title: 'Leitura e faturamento',
    passages: [
      {
        id: 'faturamento.leitura',
        heading: 'Intervalo de leitura',
        text: `A distribuidora lê o medidor em intervalos de cerca de 30 dias, no mínimo 27 e no máximo 33. Em área rural a leitura pode ser feita a cada três meses, com autoleitura nos meses intermediários. A data prevista da próxima leitura vem impressa na conta.`,
      },
      {
        id: 'faturamento.media',
        heading: 'Impedimento de acesso',
        text: `Quando o leiturista não consegue chegar ao medidor, por portão trancado ou cão solto, a conta é feita pela média dos últimos 12 meses. Isso pode durar três ciclos seguidos, com aviso; depois só o custo de disponibilidade é cobrado e o acerto é feito na primeira leitura real.`,
      },
      {
        id: 'faturamento.a-menor',
        heading: 'Cobrança a menor',
        text: `Se a distribuidora errou e cobrou menos que o devido, pode recuperar a diferença de no máximo três ciclos de faturamento, em tantas parcelas quantos forem os meses do erro, sem multa nem juros.`,
      },
      {
        id: 'faturamento.a-maior',
        heading: 'Cobrança a maior',
        text: `Se a distribuidora cobrou mais que o devido, devolve em dobro o que foi pago a mais, corrigido pelo IPCA e com juros de 1 % ao mês, salvo engano justificável, caso em que a devolução é simples. O prazo alcança os últimos 60 ciclos de faturamento. O consumidor escolhe entre crédito nas próximas contas e depósito.`,
      },
      {
        id: 'faturamento.afericao',
        heading: 'Aferição do medidor',
        text: `O consumidor que duvida do medidor pede a aferição, que é feita em até 30 dias, com data avisada para que acompanhe o ensaio. Se o erro estiver dentro da tolerância, o custo é do consumidor; se estiver fora, é da distribuidora e as contas são refeitas. Também se pode pedir perícia ao órgão metrológico.`,
      },
      {
        id: 'faturamento.irregularidade',
        heading: 'Irregularidade na medição',
        text: `Achado indício de fraude ou desvio, a distribuidora lavra o termo de ocorrência (TOI), entrega cópia e retira o medidor lacrado para perícia. O consumo não faturado é recuperado pelos 36 meses anteriores no máximo, mais o custo administrativo. O consumidor tem 30 dias para reclamar e a cobrança fica suspensa até a resposta.`,
      },
    ],
  },
  {
    id: 'pagamento',
    title: 'Pagamento, suspensão e religação',
    passages: [
      {
        id: 'pagamento.multa',
        heading: 'Atraso',
        text: `A conta paga depois do vencimento sofre multa de 2 %, juros de mora de 1 % ao mês proporcionais aos dias e correção pelo IPCA. A multa não incide sobre a contribuição de iluminação pública nem sobre multas de contas anteriores.`,
      },
      {
        id: 'pagamento.corte',
        heading: 'Suspensão por falta de pagamento',
        text: `O fornecimento pode ser suspenso por conta vencida e não paga depois de aviso com antecedência de 15 dias. O corte só é feito em dias úteis, das 8h às 18h, nunca em sexta-feira, véspera de feriado, sábado, domingo ou feriado. Conta com mais de 90 dias de vencida não autoriza corte, salvo se outra mais nova também estiver em aberto.`,
      },
      {
        id: 'pagamento.vital',
        heading: 'Aparelhos vitais',
        text: `A casa onde mora pessoa que depende de equipamento elétrico para sobreviver, como respirador ou concentrador de oxigênio, deve ser cadastrada com laudo médico. Ela recebe aviso de desligamento programado com 5 dias úteis de antecedência, por escrito, e não pode ter o serviço suspenso por inadimplência sem procedimento especial.`,
      },
      {
        id: 'pagamento.religacao',
        heading: 'Religação',
        text: `Paga a dívida, a religação normal é feita em até 24 horas na área urbana e 48 horas na rural. A religação de urgência, paga e oferecida onde a distribuidora a presta, ocorre em até 4 horas na área urbana e 8 horas na rural. Se o corte foi indevido, o prazo é de 4 horas em qualquer área e sem cobrança.`,
      },
      {
        id: 'pagamento.parcelas',
        heading: 'Parcelamento',
        text: `A dívida pode ser parcelada em até 12 vezes na conta, com entrada de 20 %. Família com tarifa social não paga entrada e pode dividir em até 24 vezes. A quebra do acordo por duas parcelas seguidas permite nova suspensão após aviso.`,
      },
      {
        id: 'pagamento.titularidade',
        heading: 'Troca de titular',
        text: `A troca de titularidade é feita em até 3 dias úteis na cidade e 5 no campo, com documento de identidade e prova de posse do imóvel. A distribuidora não pode exigir do novo morador o pagamento de débitos deixados pelo anterior, exceto em sucessão de empresa.`,
      },
      {
        id: 'pagamento.vencimento',
        heading: 'Data de vencimento',
        text: `O consumidor escolhe uma entre seis datas de vencimento distribuídas no mês e pode mudá-la uma vez a cada 12 meses. A conta deve chegar com ao menos 5 dias úteis de antecedência, 10 no caso do poder público.`,
      },
    ],
  },
  {
    id: 'fatura-modelo',
    title: 'Fatura comentada, agosto de 2024, Distribuidora Serra Azul',
    passages: [
      {
        id: 'fatura.itens',
        heading: 'Itens da fatura',
        text: `Unidade residencial B1 convencional, bifásica, consumo de 210 kWh.
Item | Quantidade | Preço com tributos | Valor
Consumo TUSD | 210 kWh | R$ 0,462 | R$ 97,02
Consumo TE | 210 kWh | R$ 0,385 | R$ 80,85
Adicional bandeira amarela | 210 kWh | R$ 0,024 | R$ 5,04
CIP municipal | 1 | - | R$ 12,90
Total | | | R$ 195,81
Quem lê a tabela vê que a rede pesa mais que a energia e que pouco mais de 2 % da conta vem da bandeira daquele mês.`,
      },
    ],
  },
  {
    id: 'atendimento',
    title: 'Canais de atendimento',
    passages: [
      {
        id: 'atendimento.reclamacao',
        heading: 'Reclamação e ouvidoria',
        text: `A reclamação começa na central de atendimento, que dá protocolo e responde em até 5 dias úteis. Sem solução, vai à ouvidoria da distribuidora, com prazo de 10 dias úteis, e depois à agência reguladora ou à agência estadual conveniada, pelo telefone 167 ou pela internet.`,
      },
      {
        id: 'atendimento.emergencia',
        heading: 'Falta de energia e fio caído',
        text: `Em caso de fio partido no chão, fique a mais de 8 metros, não toque em nada e ligue para o número de emergência, que funciona 24 horas. Para avisar falta de energia basta o número da instalação; o aplicativo mostra a previsão de retorno e as equipes a caminho.`,
      },
    ],
  },
]
