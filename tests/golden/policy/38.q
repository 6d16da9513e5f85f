unusual-origin user deploy group staff
unusual-hour user svc-human group staff
unusual-destination user svc-human
unusual-duration user anna group { staff, robots }
relay user ci group staff
