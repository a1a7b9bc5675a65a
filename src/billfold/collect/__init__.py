"""From the vendors to the ledger: what is asked, archived and booked, resumable at every answer."""
