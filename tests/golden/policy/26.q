outbound-ssh group web origin 192.0.2.9 to 10.40.0.1 port 22
outbound-ssh group ops origin 192.0.2.9 to 10.50.0.1 port 22
