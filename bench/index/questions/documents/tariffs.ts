import type { SourceDocument } from '../form.ts'

export const tariffs: readonly SourceDocument[] = [
  {
    id: 'componentes',
    title: 'Guia de componentes tarifários',
    passages: [
      {
        id: 'componentes.tusd',
        heading: '1. TUSD',
        text: `A Tarifa de Uso do Sistema de Distribuição (TUSD) remunera a rede: postes, cabos, transformadores, subestações e a operação da distribuidora. Nela também entram o uso da transmissão, as perdas técnicas e não técnicas e a maior parte dos encargos setoriais. Quem compra energia no mercado livre continua pagando a TUSD à distribuidora local.`,
      },
      {
        id: 'componentes.te',
        heading: '2. TE',
        text: `A Tarifa de Energia (TE) cobre o custo da energia que a distribuidora compra em leilões para atender seus consumidores cativos, mais os encargos ligados à geração. O consumidor livre não paga a TE, pois contrata a geração diretamente com um fornecedor.`,
      },
      {
        id: 'componentes.parcelas',
        heading: '3. Parcela A e Parcela B',
        text: `Na revisão tarifária a receita é dividida em duas parcelas. A Parcela A reúne custos que a distribuidora não administra, como compra de energia, transmissão e encargos, e é repassada sem margem. A Parcela B reúne custos administráveis: operação, manutenção, depreciação e remuneração do capital. Somente a Parcela B sofre o desconto do fator X.`,
      },
    ],
  },
  {
    id: 'bandeiras',
    title: 'Bandeiras tarifárias: regra e valores',
    passages: [
      {
        id: 'bandeiras.regra',
        heading: 'Como funcionam',
        text: `As bandeiras tarifárias indicam, mês a mês, as condições de geração no país. Na bandeira verde não há acréscimo. A amarela e a vermelha, nos patamares 1 e 2, acrescentam um valor proporcional ao consumo quando os reservatórios estão baixos e as usinas térmicas, mais caras, precisam ser ligadas. A cor do mês seguinte é divulgada na última sexta-feira de cada mês.`,
      },
      {
        id: 'bandeiras.2022',
        heading: 'Valores do ciclo 2022/2023',
        text: `Adicionais vigentes de julho de 2022 a junho de 2023, sem tributos:
Bandeira | R$ por 100 kWh
Verde | 0,000
Amarela | 2,989
Vermelha patamar 1 | 6,500
Vermelha patamar 2 | 9,795`,
      },
      {
        id: 'bandeiras.2024',
        heading: 'Valores do ciclo 2024/2025',
        text: `Adicionais vigentes de julho de 2024 a junho de 2025, sem tributos:
Bandeira | R$ por 100 kWh
Verde | 0,000
Amarela | 1,885
Vermelha patamar 1 | 4,463
Vermelha patamar 2 | 7,877`,
      },
      {
        id: 'bandeiras.gd',
        heading: 'Bandeira e compensação',
        text: `Para a unidade com geração distribuída, o adicional da bandeira incide apenas sobre o consumo que sobra depois da compensação. A energia abatida por créditos não paga bandeira. Se a unidade só pagar o custo de disponibilidade, o adicional é calculado sobre os quilowatts-hora desse custo.`,
      },
    ],
  },
  {
    id: 'grupos',
    title: 'Grupos e subgrupos de consumo',
    passages: [
      {
        id: 'grupos.a',
        heading: 'Grupo A',
        text: `O Grupo A reúne unidades atendidas em tensão igual ou superior a 2,3 kV, com tarifa binômia (demanda e consumo).
Subgrupo | Tensão de fornecimento
A1 | 230 kV ou mais
A2 | 88 kV a 138 kV
A3 | 69 kV
A3a | 30 kV a 44 kV
A4 | 2,3 kV a 25 kV
AS | abaixo de 2,3 kV, por rede subterrânea`,
      },
      {
        id: 'grupos.b',
        heading: 'Grupo B',
        text: `O Grupo B reúne unidades atendidas em tensão inferior a 2,3 kV, com tarifa monômia, só de consumo. B1: residencial. B2: rural. B3: comércio, indústria, serviços e poder público. B4: iluminação pública, dividida em B4a (rede de distribuição) e B4b (bulbo de lâmpada).`,
      },
      {
        id: 'grupos.optante',
        heading: 'Optante B',
        text: `A unidade do Grupo A com transformador de potência total de até 112,5 kVA pode pedir faturamento com as tarifas do Grupo B e, assim, deixar de contratar demanda. O pedido não vale para quem recebe créditos de geração instalada em outro endereço.`,
      },
    ],
  },
  {
    id: 'modalidades',
    title: 'Modalidades tarifárias',
    passages: [
      {
        id: 'modalidades.convencional',
        heading: 'Art. 4º Convencional',
        text: `Art. 4º Na modalidade convencional monômia o preço do quilowatt-hora é único, qualquer que seja a hora ou o dia do consumo. Ela é aplicada às unidades do Grupo B que não tenham pedido outra modalidade.`,
      },
      {
        id: 'modalidades.branca',
        heading: 'Art. 5º Branca',
        text: `Art. 5º A modalidade branca tem três postos nos dias úteis: ponta, intermediário e fora de ponta, com preço do quilowatt-hora distinto em cada um. Nos sábados, domingos e feriados nacionais vale o preço fora de ponta o dia todo. § 1º A adesão é voluntária. § 2º Não podem aderir a subclasse residencial de baixa renda e a iluminação pública. § 3º A distribuidora troca o medidor em até 30 dias, sem custo para o consumidor.`,
      },
      {
        id: 'modalidades.verde',
        heading: 'Art. 6º Verde',
        text: `Art. 6º Na modalidade horária verde há um só preço para a demanda de potência, sem distinção de horário, e dois preços para o consumo: ponta e fora de ponta. Costuma servir à unidade que consegue desligar cargas ou acionar gerador no horário de ponta.`,
      },
      {
        id: 'modalidades.azul',
        heading: 'Art. 7º Azul',
        text: `Art. 7º Na modalidade horária azul a demanda é contratada e cobrada em separado para o posto de ponta e para o posto fora de ponta, e o consumo também tem dois preços. Ela é obrigatória para os subgrupos A1, A2 e A3 e opcional para os demais do Grupo A.`,
      },
      {
        id: 'modalidades.troca',
        heading: 'Art. 8º Troca de modalidade',
        text: `Art. 8º O titular pode voltar da modalidade branca para a convencional a qualquer tempo; a distribuidora tem até 30 dias para atender. Depois da volta, nova adesão à branca só após 180 dias. No Grupo A, a troca entre verde e azul é aceita uma vez a cada 12 ciclos de faturamento.`,
      },
    ],
  },
  {
    id: 'postos',
    title: 'Postos horários por distribuidora',
    passages: [
      {
        id: 'postos.serra',
        heading: 'Distribuidora Serra Azul',
        text: `Horários da tarifa branca na Distribuidora Serra Azul, em dias úteis:
Posto | Início | Fim
Ponta | 18h00 | 21h00
Intermediário | 17h00 | 18h00
Intermediário | 21h00 | 22h00
Fora de ponta | 22h00 | 17h00`,
      },
      {
        id: 'postos.litoral',
        heading: 'Energia Litoral Norte',
        text: `Horários da tarifa branca na Energia Litoral Norte, em dias úteis:
Posto | Início | Fim
Ponta | 17h30 | 20h30
Intermediário | 16h30 | 17h30
Intermediário | 20h30 | 21h30
Fora de ponta | 21h30 | 16h30`,
      },
    ],
  },
  {
    id: 'reajuste-serra-2023',
    title: 'Reajuste tarifário anual 2023 da Distribuidora Serra Azul',
    passages: [
      {
        id: 'reajuste.serra.2023',
        heading: 'Resultado',
        text: `O reajuste tarifário anual de 2023 da Distribuidora Serra Azul tem efeito médio de 6,84 % para o consumidor: 5,10 % na alta tensão e 7,52 % na baixa tensão. Para a classe residencial B1 o aumento é de 7,33 %. As novas tarifas vigoram de 22 de abril de 2023 a 21 de abril de 2024.`,
      },
    ],
  },
  {
    id: 'reajuste-serra-2024',
    title: 'Reajuste tarifário anual 2024 da Distribuidora Serra Azul',
    passages: [
      {
        id: 'reajuste.serra.2024',
        heading: 'Resultado',
        text: `O reajuste tarifário anual de 2024 da Distribuidora Serra Azul tem efeito médio de 3,91 % para o consumidor: 2,20 % na alta tensão e 4,47 % na baixa tensão. Para a classe residencial B1 o aumento é de 4,26 %. As novas tarifas vigoram de 22 de abril de 2024 a 21 de abril de 2025.`,
      },
    ],
  },
  {
    id: 'reajuste-litoral-2024',
    title: 'Reajuste tarifário anual 2024 da Energia Litoral Norte',
    passages: [
      {
        id: 'reajuste.litoral.2024',
        heading: 'Resultado',
        text: `O reajuste tarifário anual de 2024 da Energia Litoral Norte tem efeito médio de -1,27 % para o consumidor: -2,05 % na alta tensão e -0,88 % na baixa tensão. Para a classe residencial B1 a redução é de 0,94 %. As novas tarifas vigoram de 28 de agosto de 2024 a 27 de agosto de 2025.`,
      },
    ],
  },
  {
    id: 'descontos',
    title: 'Descontos e adicionais',
    passages: [
      {
        id: 'descontos.social',
        heading: 'Tarifa social',
        text: `A Tarifa Social de Energia Elétrica dá desconto à família inscrita no Cadastro Único com renda por pessoa de até meio salário mínimo, ou em que alguém receba o BPC.
Faixa de consumo no mês | Desconto
até 30 kWh | 65 %
31 a 100 kWh | 40 %
101 a 220 kWh | 10 %
acima de 220 kWh | nenhum
Famílias indígenas e quilombolas têm 100 % nos primeiros 50 kWh.`,
      },
      {
        id: 'descontos.irrigacao',
        heading: 'Irrigação noturna',
        text: `A unidade rural que bombeia água para irrigar lavouras ou para tanques de aquicultura tem tarifa reduzida em um período contínuo de 8 horas e 30 minutos, por padrão das 21h30 às 6h00. A redução no Grupo B da região Sudeste é de 67 %; no Nordeste, 73 %. Exige-se medição separada e licença ambiental.`,
      },
      {
        id: 'descontos.ultrapassagem',
        heading: 'Ultrapassagem de demanda',
        text: `Quando a demanda medida passa de 105 % da contratada, toda a parcela que excede o contrato paga a tarifa de ultrapassagem, igual ao dobro da tarifa de demanda. Na fase de testes, que dura três ciclos, essa cobrança não é feita enquanto o aumento pedido não superar 30 %.`,
      },
      {
        id: 'descontos.reativo',
        heading: 'Excedente de reativos',
        text: `O fator de potência de referência é 0,92, indutivo ou capacitivo. Abaixo dele a unidade do Grupo A paga energia e demanda reativas excedentes. A apuração é horária: indutiva entre 6h30 e 0h30 e capacitiva de madrugada. Bancos de capacitores bem dimensionados eliminam a cobrança.`,
      },
    ],
  },
]
