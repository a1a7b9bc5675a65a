"""What a program and a command do alike: collect, reconcile and export a whole ledger, each as one function."""
