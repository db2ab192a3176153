-- In PostgreSQL policies have to let Purge happen; here nothing stands in its way.
SELECT 1;
