"""Books kept: what bots and exchange accounts tell goes into the ledger, and where the two differ is a finding."""
