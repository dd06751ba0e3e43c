"""An office's own schedule, from its workbook to the activities it makes."""
