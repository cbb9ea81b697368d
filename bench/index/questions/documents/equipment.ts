import type { SourceDocument } from '../form.ts'

export const equipment: readonly SourceDocument[] = [
  {
    id: 'modulo-aurora',
    title: 'Folha de dados: módulo Aurora AM-550M',
    passages: [
      {
        id: 'aurora.eletrico',
        heading: 'Características elétricas (STC)',
        text: `Módulo monocristalino Aurora AM-550M, 144 meias células. Condições STC: 1000 W/m², 25 °C, AM 1,5.
Grandeza | Símbolo | Valor
Potência máxima | Pmax | 550 W
Tensão de circuito aberto | Voc | 49,80 V
Corrente de curto-circuito | Isc | 13,99 A
Tensão de máxima potência | Vmp | 41,95 V
Corrente de máxima potência | Imp | 13,12 A
Eficiência | η | 21,3 %
Tolerância de potência | - | 0 a +5 W`,
      },
      {
        id: 'aurora.temperatura',
        heading: 'Características térmicas',
        text: `Aurora AM-550M.
Grandeza | Valor
Coeficiente de temperatura de Pmax | -0,340 %/°C
Coeficiente de temperatura de Voc | -0,265 %/°C
Coeficiente de temperatura de Isc | +0,048 %/°C
NMOT | 43 ± 2 °C
Faixa de operação | -40 a +85 °C`,
      },
      {
        id: 'aurora.mecanico',
        heading: 'Características mecânicas e garantia',
        text: `Aurora AM-550M: 2279 × 1134 × 35 mm, 28,6 kg, vidro temperado de 3,2 mm, moldura de alumínio anodizado, caixa de junção IP68. Carga máxima frontal de 5400 Pa e traseira de 2400 Pa. Garantia de produto de 12 anos e garantia linear de desempenho de 25 anos, com 84,8 % da potência no fim do período.`,
      },
    ],
  },
  {
    id: 'modulo-boreal',
    title: 'Folha de dados: módulo bifacial Boreal BX-610N',
    passages: [
      {
        id: 'boreal.eletrico',
        heading: 'Características elétricas (STC)',
        text: `Módulo bifacial N-type Boreal BX-610N, 156 meias células, fator de bifacialidade de 80 ± 5 %. Condições STC: 1000 W/m², 25 °C, AM 1,5.
Grandeza | Símbolo | Valor
Potência máxima | Pmax | 610 W
Tensão de circuito aberto | Voc | 55,31 V
Corrente de curto-circuito | Isc | 14,03 A
Tensão de máxima potência | Vmp | 45,60 V
Corrente de máxima potência | Imp | 13,38 A
Eficiência | η | 21,8 %`,
      },
      {
        id: 'boreal.temperatura',
        heading: 'Características térmicas',
        text: `Boreal BX-610N.
Grandeza | Valor
Coeficiente de temperatura de Pmax | -0,290 %/°C
Coeficiente de temperatura de Voc | -0,250 %/°C
Coeficiente de temperatura de Isc | +0,045 %/°C
NMOT | 45 ± 2 °C
Faixa de operação | -40 a +85 °C`,
      },
    ],
  },
  {
    id: 'inversor-delta5',
    title: 'Manual técnico: inversor monofásico Vento Delta 5K',
    passages: [
      {
        id: 'delta5.cc',
        heading: 'Entrada CC',
        text: `Inversor string Vento Delta 5K, lado de corrente contínua.
Grandeza | Valor
Potência máxima do arranjo | 7,5 kWp
Tensão máxima de entrada | 600 V
Faixa de operação dos MPPT | 90 V a 560 V
Tensão de partida | 100 V
Número de MPPT | 2
Corrente máxima por MPPT | 16 A
Corrente de curto-circuito por MPPT | 20 A`,
      },
      {
        id: 'delta5.ca',
        heading: 'Saída CA',
        text: `Inversor string Vento Delta 5K, lado de corrente alternada.
Grandeza | Valor
Potência nominal | 5,0 kW
Tensão nominal | 220 V, monofásica
Corrente máxima | 22,8 A
Fator de potência | 0,8 indutivo a 0,8 capacitivo
DHT de corrente | menor que 3 %
Eficiência máxima | 97,9 %`,
      },
      {
        id: 'delta5.erros',
        heading: 'Códigos de falha',
        text: `F01: tensão da rede fora da faixa; confira a bitola do cabo e a tensão no quadro. F04: baixa resistência de isolamento no lado CC; procure cabo descascado ou conector molhado. F07: temperatura interna acima de 75 °C; desobstrua o dissipador e evite sol direto. F11: rede ausente; o aparelho religa sozinho 60 segundos depois da volta da energia.`,
      },
    ],
  },
  {
    id: 'inversor-delta75',
    title: 'Manual técnico: inversor trifásico Vento Delta 75K',
    passages: [
      {
        id: 'delta75.cc',
        heading: 'Entrada CC',
        text: `Inversor string Vento Delta 75K, lado de corrente contínua.
Grandeza | Valor
Potência máxima do arranjo | 112,5 kWp
Tensão máxima de entrada | 1100 V
Faixa de operação dos MPPT | 200 V a 1000 V
Tensão de partida | 250 V
Número de MPPT | 9
Corrente máxima por MPPT | 30 A
Corrente de curto-circuito por MPPT | 40 A`,
      },
      {
        id: 'delta75.protecoes',
        heading: 'Proteções integradas',
        text: `O Vento Delta 75K traz anti-ilhamento, monitoração de fuga à terra (RCMU), DPS tipo II nos lados CC e CA, detecção de arco elétrico (AFCI), monitoração de strings e chave seccionadora CC. Grau de proteção IP66, ventilação forçada inteligente. Não possui saída de reserva: sem a rede, o aparelho se desliga.`,
      },
    ],
  },
  {
    id: 'bateria-casulo',
    title: 'Folha de dados: bateria Casulo L10',
    passages: [
      {
        id: 'casulo.dados',
        heading: 'Dados gerais',
        text: `Bateria de fosfato de ferro-lítio Casulo L10: 10,2 kWh nominais, 9,2 kWh úteis (profundidade de descarga de 90 %), tensão de 51,2 V, corrente contínua de carga e descarga de 100 A, 6000 ciclos a 25 °C até 70 % da capacidade, garantia de 10 anos. Opera de 0 a 50 °C na carga e de -10 a 50 °C na descarga. Comunicação CAN e RS-485.`,
      },
    ],
  },
  {
    id: 'projeto-arranjo',
    title: 'Notas de projeto de arranjos fotovoltaicos',
    passages: [
      {
        id: 'projeto.mppt',
        heading: 'O que faz o MPPT',
        text: `O rastreador do ponto de máxima potência (MPPT) ajusta continuamente a tensão de operação da série de módulos para extrair o maior produto entre tensão e corrente, que muda com a irradiância e com a temperatura. Séries com orientação, inclinação ou sombra diferentes devem ir a entradas MPPT distintas; do contrário a pior limita as demais.`,
      },
      {
        id: 'projeto.serie',
        heading: 'Quantos módulos em série',
        text: `A tensão de circuito aberto sobe no frio. O número máximo de módulos em série é a tensão máxima do inversor dividida pela Voc corrigida para a menor temperatura do local: Voc(T) = Voc × [1 + β × (T - 25)]. O número mínimo vem da Vmp no dia mais quente, que precisa ficar dentro da faixa do rastreador.
Exemplo: com Voc de 49,80 V, β de -0,265 %/°C e mínima de 5 °C, a Voc corrigida é 52,44 V. Um inversor de 600 V aceita 600 ÷ 52,44 = 11,4, portanto 11 módulos. Ultrapassar a tensão máxima de entrada queima o inversor e não é coberto pela garantia. Convém deixar folga de 2 % a 3 % para erros de medição e para manhãs mais frias do que o registro histórico. O mesmo cuidado vale para o disjuntor CC, os conectores e o cabo solar, cuja tensão nominal deve ser igual ou superior à do arranjo inteiro em aberto.`,
      },
      {
        id: 'projeto.perdas',
        heading: 'Perdas e razão de desempenho',
        text: `A razão de desempenho (PR) de um telhado residencial fica entre 75 % e 82 %. Perdem-se de 3 % a 5 % por sujeira, de 5 % a 9 % por temperatura, 2 % nos cabos, 2 % a 3 % no inversor e 2 % por descasamento. Lavar os módulos duas vezes por ano recupera boa parte da sujeira; faça-o cedo, com água e sem sabão.`,
      },
      {
        id: 'projeto.micro',
        heading: 'Microinversor ou inversor string',
        text: `O microinversor trata um a quatro módulos por vez, trabalha com tensão CC abaixo de 60 V e tolera bem o sombreamento parcial de árvores, antenas e platibandas. O inversor string custa menos por watt e concentra a manutenção em um aparelho no chão, mas a sombra em um módulo afeta toda a sua série. Em telhados com muitas águas o microinversor costuma render mais.`,
      },
    ],
  },
]
