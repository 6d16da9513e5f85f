outbound-ssh user deploy origin 10.1.2.3 to 10.20.0.9 port 22
outbound-ssh user deploy origin 192.0.2.1 to 10.20.0.9 port 22 principal "" group {}
outbound-ssh user eve group { staff, breakglass } principal contractor ca "SHA256:aVkJcAHRBQGsfVTAvbjbYUIPZY8pIswm5G1TYRmjESY" to 10.9.9.9 port 22
relay user eve principal { contractor, ops } ca "SHA256:aVkJcAHRBQGsfVTAvbjbYUIPZY8pIswm5G1TYRmjESY" to 10.20.0.9 group x
relay hours 2027-04-01T00:00 principal contractor ca "SHA256:aVkJcAHRBQGsfVTAvbjbYUIPZY8pIswm5G1TYRmjESY" to 10.20.0.9 port 22 group x
login origin 2001:db8:bad:1::1
login origin 192.0.2.1
agent-hijack owner self
agent-hijack
relay usr eve
relay user eve principal staff ca "SHA256:aVkJcAHRBQGsfVTAvbjbYUIPZY8pIswm5G1TYRmjESY" group x to 10.20.0.9 port 22
