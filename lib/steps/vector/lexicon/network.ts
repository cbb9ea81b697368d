/** Concepts of regulation, service, networks and power quality; see market.ts. */
export const networkConcepts = `
aneel|agência nacional de energia elétrica|agência reguladora|regulador|regulatory agency|regulator
ons|operador nacional do sistema|grid operator|system operator
epe|empresa de pesquisa energética
mme|ministério de minas e energia|ministry of mines and energy
distribuidora|concessionária|permissionária|empresa de energia|companhia de luz|companhia elétrica|distributor|utility|distribution company
transmissora|transmission company
concessão|contrato de concessão|concession|concession contract
resolução normativa|norma da aneel|normative resolution
audiência pública|consulta pública|public hearing|public consultation
fiscalização|auto de infração|inspection|enforcement
ouvidoria|reclamação|queixa|reclamar|complaint|ombudsman
atendimento|atendimento ao consumidor|sac|call center|central de teleatendimento|customer service
consumidor|cliente|usuário|unidade consumidora|titular|consumer|customer|consumer unit
titularidade|troca de titular|mudança de titularidade|alteração do titular|change of account holder
desligamento a pedido|encerramento contratual|rescisão|cancelar o contrato|termination of contract|contract termination
ligação nova|nova ligação|pedido de ligação|primeira ligação|conexão nova|new connection|new service
conexão|acesso|acessante|ligação à rede|grid connection|interconnection
orçamento de conexão|parecer de acesso|orçamento prévio|orçamento estimado|connection quote|access opinion|connection budget
aumento de carga|alteração de carga|acréscimo de carga|load increase
carga instalada|potência instalada|installed load
obra de conexão|extensão de rede|reforço de rede|network extension|grid reinforcement
universalização|sem energia elétrica|luz para todos|acesso universal|universal access|rural electrification
prazo|data limite|quantos dias|quanto tempo|deadline|time limit|how long
vistoria|inspeção da instalação|inspeção|commissioning inspection|site inspection
padrão de entrada|ramal de entrada|caixa de medição|entrada de energia|service entrance
ramal de conexão|ramal de ligação|service drop
ponto de conexão|ponto de entrega|point of connection|delivery point|point of common coupling|PAC
medidor|relógio de luz|medição|sistema de medição|meter|metering
medidor inteligente|medição inteligente|telemedição|smart meter|smart metering
medidor bidirecional|medição bidirecional|quatro quadrantes|bidirectional meter
aferição|calibração do medidor|verificação do medidor|teste do medidor|meter test|calibration
rede de distribuição|rede elétrica|sistema de distribuição|distribution network|distribution grid|grid
rede aérea|overhead line|overhead network
rede subterrânea|cabo subterrâneo|underground network
linha de transmissão|rede básica|transmission line|transmission grid
subestação|SE|substation
transformador|trafo|transformer
alimentador|circuito alimentador|feeder
religador|recloser
disjuntor|circuit breaker|breaker
seccionadora|chave seccionadora|seccionamento|switch disconnector|disconnector
fusível|elo fusível|fuse
relé|relé de proteção|protection relay
aterramento|terra|malha de terra|earthing|grounding
dps|protetor de surto|para-raios|supressor de surto|surge protection|surge arrester|SPD
spda|proteção contra descargas atmosféricas|raio|lightning protection|lightning
curto-circuito|curto circuito|corrente de falta|short circuit|fault current
sobrecarga|overload
queda de tensão|voltage drop
tensão nominal|tensão de fornecimento|tensão contratada|rated voltage|nominal voltage|supply voltage
faixa de tensão|tensão adequada|tensão precária|tensão crítica|níveis de tensão|limites de tensão|variação de tensão|voltage limits|voltage range|voltage level
tensão em regime permanente|conformidade de tensão|drp|drc|duração relativa da transgressão|steady-state voltage|voltage compliance
afundamento|elevação de tensão|variação de tensão de curta duração|VTCD|voltage sag|voltage swell|voltage dip
interrupção|falta de luz|falta de energia|apagão|queda de energia|ficar sem luz|outage|blackout|power outage|interruption
dec|duração equivalente|duração das interrupções|SAIDI|outage duration
fec|frequência equivalente|frequência das interrupções|SAIFI|outage frequency
dic|duração de interrupção individual|tempo sem energia da unidade|individual interruption duration
fic|frequência de interrupção individual|individual interruption frequency
dmic|duração máxima de interrupção|interrupção contínua mais longa|maximum interruption duration
dicri|dia crítico|critical day
compensação|compensação por violação|crédito na fatura por interrupção|indenização por falta de energia|compensation|outage compensation
continuidade|continuidade do fornecimento|confiabilidade|continuity of supply|reliability
ressarcimento de danos|dano elétrico|equipamento queimado|aparelho queimado|queimou o aparelho|damaged appliance|equipment damage
desequilíbrio de tensão|desequilíbrio|assimetria entre fases|voltage unbalance|voltage imbalance
harmônicas|harmônica|distorção harmônica|distorções harmônicas|DHT|DTT|harmonics|harmonic distortion|THD
inter-harmônicas|interharmonics
flutuação de tensão|cintilação|flicker|pst|plt|voltage fluctuation
variação de frequência|frequência da rede|60 Hz|frequency variation|grid frequency
fator de potência|cos phi|cosseno phi|power factor
energia reativa|reativo excedente|reativos|excedente de reativos|reactive energy|reactive power|potência reativa
banco de capacitores|capacitor|correção do fator de potência|capacitor bank|power factor correction
potência ativa|active power|real power
potência aparente|kVA|apparent power
qualidade da energia|qualidade do produto|prodist módulo 8|power quality
prodist|procedimentos de distribuição|distribution procedures
procedimentos de rede|grid code|grid procedures
transitório|transiente|surto de tensão|transient|voltage surge
qualidade do serviço|service quality
poste|compartilhamento de postes|uso mútuo|utility pole|pole sharing
faixa de servidão|servidão|right of way|easement
desligamento programado|manutenção programada|interrupção programada|planned outage|scheduled maintenance
emergência|situação de emergência|calamidade|emergency
tempo de atendimento|tempo médio de atendimento|TMA|response time
segurança do trabalho|nr-10|NR 10|electrical safety|work safety
choque elétrico|electric shock
prescrição|prazo prescricional|statute of limitations
rescisão antecipada|encerramento antecipado|early termination
bdgd|base de dados geográfica|geographic database
dados abertos|portal de dados|open data
veículo elétrico|carro elétrico|recarga|estação de recarga|eletroposto|electric vehicle|EV charging|charging station
hidrelétrica|usina hidrelétrica|UHE|PCH|pequena central hidrelétrica|hydropower|hydroelectric
eólica|aerogerador|energia dos ventos|vento|wind power|wind farm|wind turbine
termelétrica|usina térmica|UTE|thermal plant|thermal power
biomassa|biogás|cogeração|cogeração qualificada|biomass|biogas|cogeneration
usina|central geradora|empreendimento de geração|power plant|generating plant
outorga|autorização de usina|registro de usina|authorization|licence
reservatório|nível dos reservatórios|reservoir
`
