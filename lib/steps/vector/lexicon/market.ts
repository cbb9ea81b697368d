/** Concepts of tariffs, bills, taxes and the market: one a line, Portuguese and English ways to say it between `|`. */
export const marketConcepts = `
tarifa|preço da energia|tariff|electricity rate|electricity price|energy price
tarifa de energia|TE|energy tariff|energy charge|parcela de energia
tusd|tarifa de uso do sistema de distribuição|uso da rede|tarifa fio|grid use tariff|distribution use of system|network charge|use-of-system charge
tust|tarifa de uso do sistema de transmissão|transmission use of system|transmission tariff
fio b|tusd fio b|custo do fio|distribution wire charge|wire component
fio a|tusd fio a|transmission wire component
bandeira tarifária|bandeira verde|bandeira amarela|bandeira vermelha|sistema de bandeiras|acréscimo da bandeira|tariff flag|flag surcharge
tarifa branca|modalidade branca|tarifa horária residencial|white tariff|time-of-use residential
tarifa social|baixa renda|desconto social|social tariff|low income|low-income discount
posto tarifário|posto horário|time-of-use period|tariff period
horário de ponta|ponta|hora de pico|horário de pico|peak hours|peak period|on-peak
fora de ponta|fora-ponta|off-peak
horário intermediário|posto intermediário|intermediate period|shoulder period
horário reservado|irrigação noturna|irrigante|aquicultura|irrigation discount|irrigation
tarifa convencional|modalidade convencional|monômia|conventional tariff|flat rate
tarifa azul|modalidade azul|horossazonal azul|blue tariff
tarifa verde|modalidade verde|horossazonal verde|green tariff
tarifa binômia|binômia|two-part tariff|binomial tariff
reajuste tarifário|reajuste anual|RTA|aumento da tarifa|aumento anual|annual tariff adjustment|tariff increase|rate adjustment
revisão tarifária|RTP|revisão periódica|revisão extraordinária|RTE|tariff review|rate review
parcela a|custos não gerenciáveis|non-manageable costs
parcela b|custos gerenciáveis|manageable costs
fator x|x factor|ganho de produtividade|productivity gain
base de remuneração|BRR|ativos remunerados|regulatory asset base
wacc|taxa de remuneração|custo de capital|cost of capital
cva|compensação de variação|conta de compensação
receita requerida|required revenue
componentes financeiros|financial components
encargo setorial|encargos|sector charge|sectoral charges
cde|conta de desenvolvimento energético|energy development account
proinfa|programa de incentivo às fontes alternativas|alternative sources incentive
ess|encargo de serviços do sistema|system service charge
eer|encargo de energia de reserva|reserve energy charge
tfsee|taxa de fiscalização|inspection fee
pde|pesquisa e desenvolvimento|P&D|eficiência energética obrigatória|research and development
icms|imposto estadual|imposto sobre circulação de mercadorias|state tax|state VAT|value-added tax
pis|pis/pasep|cofins|contribuições federais|federal contributions|federal taxes
cip|cosip|contribuição de iluminação pública|contribuição para iluminação|street lighting contribution|public lighting fee
cálculo por dentro|imposto por dentro|base de cálculo|gross-up|tax base
isenção|isento|não paga imposto|desoneração|tax exemption|exempt|tax exempt
tributo|imposto|taxes|taxation|carga tributária|tax burden
fatura|conta de luz|conta de energia|boleto|nota fiscal de energia|electricity bill|power bill|invoice
vencimento da fatura|data de vencimento|prazo de pagamento|due date
leitura do medidor|leitura|leiturista|ciclo de leitura|meter reading|reading cycle
consumo|energia consumida|gasto de energia|consumption|energy use|energy usage
custo de disponibilidade|consumo mínimo|taxa mínima|valor mínimo faturável|mínimo da conta|availability cost|minimum charge|minimum bill
faturamento por média|faturado por média|média dos consumos|estimated billing|average billing
cobrança indevida|faturamento incorreto|erro de faturamento|refaturamento|billing error|wrong bill|overcharge
devolução em dobro|restituição|ressarcimento|devolução de valores|refund|reimbursement
parcelamento|dividir a dívida|renegociação|installments|payment plan
multa|juros de mora|mora|atraso no pagamento|pagar atrasado|late payment|late fee|penalty interest
inadimplência|inadimplente|inadimplemento|não pagamento|débito em aberto|conta não paga|unpaid bill|default payment
suspensão do fornecimento|corte de energia|corte de luz|cortar a luz|desligamento por falta de pagamento|disconnection|power cut for non-payment
religação|reconexão|religar|restabelecimento do fornecimento|religação de urgência|reconnection
aviso de corte|notificação de suspensão|aviso prévio|disconnection notice
irregularidade|fraude|furto de energia|gato|desvio de energia|procedimento irregular|TOI|termo de ocorrência|energy theft|meter tampering
perdas não técnicas|perdas comerciais|non-technical losses
perdas técnicas|perdas na rede|technical losses
demanda contratada|contrato de demanda|demanda|contracted demand|demand contract
demanda medida|pico de demanda|measured demand|peak demand
ultrapassagem|demanda excedente|exceder a demanda|demand overrun|excess demand
grupo a|alta tensão|média tensão|consumidor de alta tensão|high voltage consumer|medium voltage
grupo b|baixa tensão|consumidor de baixa tensão|low voltage|low voltage consumer
subgrupo|subgrupo a4|subgrupo b1|tariff subgroup
classe residencial|residencial|consumidor residencial|doméstico|residential|household
classe comercial|comercial|comércio|commercial
classe industrial|industrial|indústria|factory
classe rural|rural|produtor rural|farmer|rural consumer
poder público|órgão público|public authority|government building
serviço público|água e esgoto|saneamento|water and sewage
iluminação pública|poste de luz|luminária pública|street lighting|public lighting
optante|opção pelo faturamento|opção pela tarifa do grupo b|b optante|billing option
mercado livre|ambiente de contratação livre|ACL|consumidor livre|free market|free contracting|free consumer
consumidor especial|special consumer
mercado regulado|mercado cativo|ambiente de contratação regulada|ACR|consumidor cativo|regulated market|captive consumer
comercializador varejista|comercialização varejista|retail supplier|retailer
migração ao mercado livre|migrar para o mercado livre|denúncia do contrato|switching to free market
ccee|câmara de comercialização|trading chamber
pld|preço de liquidação das diferenças|preço spot|spot price
ppa|contrato de compra de energia|compra e venda de energia|power purchase agreement
leilão|leilões de energia|energy auction|auction
lastro|garantia física|firm energy|physical guarantee
subvenção|subsídio|desconto tarifário|subsidy|cross-subsidy
gasto reembolsável|participação financeira|participação financeira do consumidor|customer contribution
encargo de responsabilidade da distribuidora|ERD|distributor responsibility charge
`
