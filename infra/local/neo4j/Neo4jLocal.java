import java.nio.file.Path;
import java.util.Map;
import org.neo4j.configuration.GraphDatabaseInternalSettings;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.connectors.HttpConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;
import org.neo4j.graphdb.GraphDatabaseService;
import org.neo4j.graphdb.QueryExecutionException;

/** Runs Neo4j on 127.0.0.1 until standard input closes: {@code Neo4jLocal <home> <port>}, password in NEO4J_PASSWORD. */
class Neo4jLocal {
  public static void main(String[] args) throws Exception {
    var address = new SocketAddress("127.0.0.1", Integer.parseInt(args[1]));
    var dbms =
        new DatabaseManagementServiceBuilder(Path.of(args[0]))
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, address)
            .setConfig(BoltConnector.advertised_address, address)
            .setConfig(GraphDatabaseInternalSettings.netty_server_shutdown_quiet_period, 0)
            .setConfig(HttpConnector.enabled, false)
            .setConfig(GraphDatabaseSettings.auth_enabled, true)
            .build();
    Runtime.getRuntime().addShutdownHook(new Thread(dbms::shutdown));
    setPassword(dbms.database("system"), System.getenv("NEO4J_PASSWORD"));
    System.out.println("ready");
    while (System.in.read() >= 0) {}
    System.exit(0);
  }

  private static void setPassword(GraphDatabaseService system, String password) {
    var command = "ALTER USER neo4j SET PLAINTEXT PASSWORD $password CHANGE NOT REQUIRED";
    try {
      system.executeTransactionally(command, Map.of("password", password));
    } catch (QueryExecutionException unchanged) {
      if (!unchanged.getMessage().contains("cannot be the same")) throw unchanged;
    }
  }
}
