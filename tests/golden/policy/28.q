login origin 198.51.100.7
outbound-ssh user eve
agent-use
