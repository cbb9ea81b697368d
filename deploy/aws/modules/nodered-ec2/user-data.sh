#!/bin/bash
# First start of the machine: swap, Docker, Node-RED as a service. Nothing is built here: a small machine has no memory for it.
set -euo pipefail

if [ ! -f /swapfile ]; then
  dd if=/dev/zero of=/swapfile bs=1M count=2048 status=none
  chmod 600 /swapfile
  mkswap /swapfile
  echo '/swapfile none swap sw 0 0' >> /etc/fstab
  swapon /swapfile
fi

dnf install -y docker
systemctl enable --now docker
install -d -m 0700 -o 1000 -g 1000 /var/lib/ysh

umask 077
cat > /etc/ysh.env <<'ENVIRONMENT'
%{ for name, value in environment ~}
${name}=${value}
%{ endfor ~}
AWS_REGION=${region}
YSH_DATA_FOLDER=/data
ENVIRONMENT

cat > /etc/systemd/system/ysh-node-red.service <<'UNIT'
[Unit]
Description=Node-RED data pipeline
After=docker.service network-online.target
Requires=docker.service

[Service]
Restart=always
RestartSec=10
TimeoutStopSec=60
ExecStartPre=-/usr/bin/docker rm -f ysh-node-red
ExecStart=/usr/bin/docker run --rm --name ysh-node-red --env-file /etc/ysh.env \
  --publish 127.0.0.1:1880:1880 --volume /var/lib/ysh:/data --read-only --tmpfs /tmp \
  --cap-drop ALL --security-opt no-new-privileges \
  --log-driver awslogs --log-opt awslogs-region=${region} --log-opt awslogs-group=${log_group} \
  ${image}
ExecStop=/usr/bin/docker stop --time 45 ysh-node-red

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now ysh-node-red
