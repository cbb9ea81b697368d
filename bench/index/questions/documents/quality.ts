import type { SourceDocument } from '../form.ts'

export const quality: readonly SourceDocument[] = [
  {
    id: 'tensao',
    title: 'PRODIST Módulo 8: tensão em regime permanente',
    passages: [
      {
        id: 'tensao.220-127',
        heading: 'Tabela 4. Pontos de conexão em 220/127 V',
        text: `Faixas da tensão de leitura (TL) para tensão nominal 220/127 V:
Classificação | Faixa em volts
Adequada | 202 ≤ TL ≤ 231 e 117 ≤ TL ≤ 133
Precária | 191 ≤ TL < 202 ou 231 < TL ≤ 233; 110 ≤ TL < 117 ou 133 < TL ≤ 135
Crítica | TL < 191 ou TL > 233; TL < 110 ou TL > 135`,
      },
      {
        id: 'tensao.380-220',
        heading: 'Tabela 5. Pontos de conexão em 380/220 V',
        text: `Faixas da tensão de leitura (TL) para tensão nominal 380/220 V:
Classificação | Faixa em volts
Adequada | 350 ≤ TL ≤ 399 e 202 ≤ TL ≤ 231
Precária | 331 ≤ TL < 350 ou 399 < TL ≤ 403; 191 ≤ TL < 202 ou 231 < TL ≤ 233
Crítica | TL < 331 ou TL > 403; TL < 191 ou TL > 233`,
      },
      {
        id: 'tensao.media',
        heading: 'Tabela 2. Média tensão',
        text: `Entre 1 kV e 69 kV a tensão de leitura é adequada de 0,93 a 1,05 da tensão de referência (TR), precária de 0,90 a 0,93 e crítica abaixo de 0,90 ou acima de 1,05. A tensão contratada deve ficar entre 95 % e 105 % da nominal.`,
      },
      {
        id: 'tensao.drp',
        heading: 'DRP e DRC',
        text: `A medição amostral tem 1008 leituras válidas de 10 minutos, isto é, sete dias. DRP = nlp ÷ 1008 × 100 e DRC = nlc ÷ 1008 × 100, em que nlp e nlc são as leituras em faixa precária e em faixa crítica. Os limites são 3 % para o DRP e 0,5 % para o DRC.`,
      },
      {
        id: 'tensao.prazos',
        heading: 'Reclamação de tensão',
        text: `Recebida a reclamação de tensão, a distribuidora faz medição instantânea em até 15 dias. Se a medição de sete dias mostrar DRP acima do limite, ela regulariza em 90 dias; com DRC acima do limite, em 15 dias. Passado o prazo, paga compensação ao consumidor a cada mês, até que a tensão volte à faixa adequada.`,
      },
    ],
  },
  {
    id: 'continuidade',
    title: 'PRODIST Módulo 8: continuidade do serviço',
    passages: [
      {
        id: 'continuidade.coletivos',
        heading: 'Indicadores coletivos',
        text: `DEC é a duração equivalente de interrupção por unidade consumidora, em horas: a soma das durações dividida pelo total de unidades do conjunto. FEC é a frequência equivalente de interrupção, em número de vezes. Ambos descrevem o conjunto elétrico inteiro e não a casa de um consumidor. Só contam interrupções de 3 minutos ou mais.`,
      },
      {
        id: 'continuidade.individuais',
        heading: 'Indicadores individuais',
        text: `DIC é o total de horas sem energia em uma unidade consumidora no período; FIC é o número de interrupções que ela sofreu; DMIC é a duração da interrupção contínua mais longa. São apurados por mês, trimestre e ano, exceto o DMIC, que é só mensal. Os limites vêm impressos na fatura.`,
      },
      {
        id: 'continuidade.dicri',
        heading: 'DICRI',
        text: `O DICRI é a duração de cada interrupção ocorrida em dia crítico, para uma unidade consumidora. Dia crítico é aquele em que o número de ocorrências emergenciais passa da média mais três desvios-padrão dos 24 meses anteriores. Essas interrupções não entram no DIC nem no FIC, mas o DICRI tem limite próprio.`,
      },
      {
        id: 'continuidade.compensacao',
        heading: 'Compensação',
        text: `Se o DIC, o FIC, o DMIC ou o DICRI passa do limite, a distribuidora credita a compensação na fatura em até dois meses após a apuração, sem que o consumidor precise pedir. O valor depende do custo de distribuição médio e de um coeficiente: 15 na baixa tensão, 20 na média e 27 na alta. A falta de pagamento da compensação pode ser levada à ouvidoria.`,
      },
      {
        id: 'continuidade.expurgo',
        heading: 'Interrupções que não contam',
        text: `Não são consideradas nos indicadores: falha nas instalações do próprio consumidor, suspensão por inadimplência, situação de emergência decretada, desligamento por alívio de carga determinado pelo operador nacional e interrupção programada avisada que atinja apenas obra de interesse do próprio acessante.`,
      },
    ],
  },
  {
    id: 'limites-2023',
    title: 'Limites de continuidade 2023 da Distribuidora Serra Azul',
    passages: [
      {
        id: 'limites.2023',
        heading: 'Conjuntos elétricos',
        text: `Limites anuais para 2023, por conjunto:
Conjunto | Unidades | DEC (h) | FEC (vezes)
Ribeirão Claro | 18.420 | 11 | 8
Porto Alto | 41.077 | 8 | 6
Campo do Meio | 6.915 | 19 | 14`,
      },
    ],
  },
  {
    id: 'limites-2024',
    title: 'Limites de continuidade 2024 da Distribuidora Serra Azul',
    passages: [
      {
        id: 'limites.2024',
        heading: 'Conjuntos elétricos',
        text: `Limites anuais para 2024, por conjunto:
Conjunto | Unidades | DEC (h) | FEC (vezes)
Ribeirão Claro | 18.993 | 10 | 7
Porto Alto | 42.310 | 7 | 6
Campo do Meio | 7.044 | 17 | 12`,
      },
    ],
  },
  {
    id: 'produto',
    title: 'PRODIST Módulo 8: outros fenômenos da qualidade do produto',
    passages: [
      {
        id: 'produto.harmonicos',
        heading: 'Distorções harmônicas',
        text: `Limites da distorção harmônica total de tensão, valor superado em apenas 5 % das leituras (DTT95%):
Tensão nominal | DTT95%
até 1 kV | 10,0 %
acima de 1 kV e menor que 69 kV | 8,0 %
de 69 kV a menos de 230 kV | 5,0 %
Harmônicas surgem de cargas não lineares, como inversores de frequência, retificadores e lâmpadas de LED.`,
      },
      {
        id: 'produto.desequilibrio',
        heading: 'Desequilíbrio de tensão',
        text: `O fator de desequilíbrio é a razão entre as componentes de sequência negativa e positiva da tensão. O limite FD95% é 3,0 % até 1 kV e 2,0 % acima. Motores trifásicos aquecem e perdem vida útil quando as três fases têm tensões diferentes.`,
      },
      {
        id: 'produto.flutuacao',
        heading: 'Flutuação de tensão',
        text: `A flutuação de tensão é a variação rápida e repetida do valor eficaz, percebida como cintilação das lâmpadas. O indicador Pst95% é apurado em janelas de 10 minutos e não deve passar de 1,0 na baixa tensão. Fornos a arco, soldas e partidas frequentes de motores são as causas comuns.`,
      },
      {
        id: 'produto.vtcd',
        heading: 'Variações de tensão de curta duração',
        text: `Afundamento é a queda da tensão eficaz para 0,1 a 0,9 da referência por um intervalo de um ciclo a 3 minutos; elevação é a subida acima de 1,1. Curto-circuito na rede e partida de grandes motores provocam afundamentos, que desarmam contatores e reiniciam computadores.`,
      },
    ],
  },
  {
    id: 'danos',
    title: 'Ressarcimento de danos elétricos',
    passages: [
      {
        id: 'danos.pedido',
        heading: 'Pedido',
        text: `O consumidor pode pedir ressarcimento de aparelho danificado por perturbação da rede em até 5 anos da ocorrência. A distribuidora inspeciona o aparelho em 10 dias, ou em 1 dia útil se for geladeira ou outro que conserve alimentos ou remédios, e responde em 15 dias (30 dias se o pedido for feito depois de 90 dias do fato). Aceito o pedido, conserta, substitui ou paga em 20 dias.`,
      },
    ],
  },
]
