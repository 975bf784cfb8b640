"""Getting at a broker that asks who is there.

settings.py   what an operator says: protocol, certificates, mechanism, secrets
errors.py     what can go wrong
secret.py     secrets out of settings or files
tls.py        certificates and keys
tokens.py     OAuth tokens: asked for, kept, renewed
options.py    all of it as aiokafka (and so Faust) and librdkafka want it
probe.py      why a connection does not come about
program.py    who needs rights
acls.py       what each program must be allowed to do
forbidden.py  a rule that shows only when something is done
rights.py     what a worker is allowed to do, asked of the broker
"""
