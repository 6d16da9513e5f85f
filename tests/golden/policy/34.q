relay user deploy on { web1, bastion, quiet }
relay user deploy on host web1 on role web1
login on role bastion
