-- A body of a few KB stays in its row as it is: packing and unpacking it costs more than the room.
ALTER TABLE event SET (toast_tuple_target = 8160);
