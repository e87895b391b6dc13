"""What people look at, folded from the ledger, the status, the events and the logs; reads only.

Values in ``values``; each other module makes one kind of them. The command line and the cockpit
show the same figures because both take them from here.
"""
