/** Concepts of distributed generation, modules, inverters and storage; see market.ts. */
export const solarConcepts = `
mmgd|geração distribuída|GD|microgeração|minigeração|micro e minigeração distribuída|distributed generation|microgeneration|minigeneration
microgeração|até 75 kW|microgerador|micro-generation|microgeneration
minigeração|minigerador|acima de 75 kW|mini-generation|minigeneration
gd i|gd1|direito adquirido|regra antiga|até 2045|grandfathered|grandfathering
gd ii|gd2|regra de transição|transition rule
gd iii|gd3
marco legal|lei 14.300|marco legal da geração distribuída|legal framework
autoconsumo local|consumo local|consumo simultâneo|local self-consumption|self-consumption
autoconsumo remoto|remoto|outra unidade do mesmo titular|remote self-consumption
geração compartilhada|consórcio|cooperativa|condomínio civil|usina compartilhada|shared generation|community solar
emuc|múltiplas unidades consumidoras|condomínio|empreendimento com múltiplas unidades|multiple units|condominium
scee|sistema de compensação|compensação de energia|net metering|energy compensation system
excedente de energia|energia injetada|injeção|energia excedente|sobra de energia|injected energy|energy exported|surplus energy|feed-in
crédito de energia|créditos|saldo de créditos|acumular créditos|energy credits
validade dos créditos|expirar os créditos|60 meses|prazo dos créditos|credit expiry|credits expire
rateio|percentual de rateio|lista de rateio|distribuição dos créditos|alocação de excedentes|credit allocation|allocation of surplus
garantia de fiel cumprimento|caução|performance bond
inversão de fluxo|fluxo reverso|inversão do fluxo de potência|reverse power flow|reverse flow
grid zero|zero export|injeção zero|não injetar
fast track|via rápida|aprovação rápida
fonte despachável|despachável|dispatchable
desmembramento|divisão de central|fracionamento da usina|plant splitting
ilhamento|anti-ilhamento|operação ilhada|islanding|anti-islanding
sistema isolado|off-grid|fora da rede|sem rede|autônomo|stand-alone|standalone
sistema híbrido|inversor híbrido|hybrid system|hybrid inverter
energia solar|fotovoltaico|fotovoltaica|solar|FV|PV|photovoltaic|photovoltaics|solar energy|solar power
módulo fotovoltaico|placa solar|painel solar|módulo|painel|solar panel|solar module|PV module
célula solar|células|solar cell
monocristalino|mono perc|silício monocristalino|monocrystalline
policristalino|multicristalino|polycrystalline
perc|passivated emitter
topcon|tipo n|n-type|célula n-type
heterojunção|HJT|heterojunction
bifacial|bifacialidade|dupla face|bifaciality
meia célula|half-cell|half-cut|half cell
filme fino|CdTe|CIGS|thin film
potência máxima|potência nominal do módulo|Pmax|Pmpp|watt-pico|kWp|Wp|maximum power|peak power|rated power
tensão de circuito aberto|Voc|circuito aberto|open-circuit voltage|open circuit voltage
corrente de curto-circuito|Isc|short-circuit current|short circuit current
tensão de máxima potência|Vmp|Vmpp|voltage at maximum power
corrente de máxima potência|Imp|Impp|current at maximum power
coeficiente de temperatura|variação com a temperatura|temperature coefficient
stc|condições padrão de teste|condições de ensaio|standard test conditions
noct|nmot|temperatura nominal de operação|nominal operating cell temperature|nominal module operating temperature
eficiência do módulo|rendimento do módulo|module efficiency
eficiência|rendimento|efficiency
tolerância de potência|tolerância positiva|power tolerance
degradação|perda anual|envelhecimento|LID|PID|degradation|annual degradation
garantia|garantia de desempenho|garantia de produto|garantia linear|warranty|performance warranty|product warranty|linear warranty
dimensões|medidas|tamanho|comprimento e largura|dimensions|size|length width
peso|massa|weight
moldura|alumínio anodizado|frame|aluminium frame
vidro temperado|vidro|tempered glass|glass
caixa de junção|junction box
diodo de bypass|diodo de desvio|bypass diode
conector|mc4|connector
carga mecânica|carga de neve|carga de vento|mechanical load|snow load|wind load
tensão máxima do sistema|1500 V|maximum system voltage
fusível em série|corrente máxima do fusível|maximum series fuse
temperatura de operação|faixa de temperatura|temperatura ambiente|operating temperature|ambient temperature
inversor|conversor|inversor solar|inverter|solar inverter
inversor string|string inverter
microinversor|micro inversor|microinverter
inversor central|central inverter
otimizador|otimizador de potência|power optimizer|optimizer
mppt|rastreador de máxima potência|seguidor de máxima potência|maximum power point tracker
faixa mppt|faixa de tensão mppt|MPPT voltage range|MPPT range
tensão máxima de entrada|tensão cc máxima|máxima tensão dc|maximum input voltage|max dc voltage
tensão de partida|tensão de inicialização|start-up voltage|startup voltage
corrente máxima de entrada|corrente por mppt|maximum input current
potência de saída|potência ca nominal|potência nominal de saída|rated output power|AC output power
sobrecarga cc|oversizing|sobredimensionamento|fator de dimensionamento|FDI|dc/ac ratio
eficiência europeia|eficiência ponderada|european efficiency|weighted efficiency
eficiência máxima|máxima eficiência|maximum efficiency
monofásico|fase única|single-phase|single phase
bifásico|duas fases|two-phase
trifásico|três fases|three-phase|three phase
grau de proteção|ip65|ip66|ip67|ingress protection|degree of protection
refrigeração|ventilação|resfriamento|convecção natural|cooling|natural convection|ventilador|fan
comunicação|wifi|rs485|modbus|monitoramento|communication|monitoring
ruído|nível de ruído|noise|noise emission
altitude|altitude de operação|operating altitude
umidade|umidade relativa|humidity
corrente contínua|CC|DC|direct current
corrente alternada|CA|AC|alternating current
proteção de polaridade reversa|polaridade invertida|reverse polarity protection
detecção de arco|arco elétrico|AFCI|arc fault
corrente residual|dispositivo dr|DR|fuga à terra|residual current|leakage current|RCD
desligamento rápido|rapid shutdown
suporte de rede|LVRT|cavalgada de subtensão|suportabilidade a afundamentos|fault ride-through|low voltage ride through
volt-watt|volt-var|controle de reativos|smart inverter functions
inmetro|registro inmetro|certificação|selo|ence|certification|conformity
bateria|armazenamento|acumulador|banco de baterias|BESS|battery|storage|energy storage
lítio|LFP|íon de lítio|fosfato de ferro|lithium|lithium iron phosphate
estado de carga|SOC|state of charge
profundidade de descarga|DOD|depth of discharge
ciclos|vida útil|vida em ciclos|cycle life|lifetime
controlador de carga|charge controller
irradiância|irradiação|radiação solar|insolação|sol pleno|W/m²|irradiance|irradiation|solar radiation
sombreamento|sombra|shading|shadow
inclinação|ângulo de inclinação|tilt|tilt angle
azimute|orientação|voltado ao norte|azimuth|orientation
rastreador solar|tracker|seguidor solar|solar tracker
performance ratio|PR|taxa de desempenho|rendimento global
produtividade|fator de capacidade|yield|specific yield|capacity factor
telhado|cobertura|rooftop|roof
usina solo|usina de solo|solo|ground-mounted|ground mount
estrutura de fixação|estrutura metálica|suporte|mounting structure|racking
string|série de módulos|arranjo|fileira|string box|combiner box|array
cabo solar|cabo cc|condutor|solar cable|dc cable|conductor
sujidade|limpeza|poeira|soiling|cleaning
ponto quente|hot spot|hotspot
eletroluminescência|microfissura|microtrinca|microcrack|electroluminescence
payback|retorno do investimento|tempo de retorno|viabilidade|return on investment|payback time
financiamento|linha de crédito|financing|loan
comissionamento|ensaio de comissionamento|commissioning
responsável técnico|ART|anotação de responsabilidade técnica|engenheiro responsável|technical responsibility
diagrama unifilar|unifilar|projeto elétrico|single-line diagram|one-line diagram
folha de dados|ficha técnica|datasheet|data sheet|especificações técnicas|technical specifications
modelo|fabricante|marca|manufacturer|brand|model name
`
