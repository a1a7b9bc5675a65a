"""What people read: tables, reports, files."""
