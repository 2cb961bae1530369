# What Elixir users do with another node. Run as a script: arguments as for case_runner.
defmodule PatientServer do
  use GenServer
  def init(state), do: {:ok, state}
  def handle_call({:echo, term}, _from, state), do: {:reply, term, state}
end

defmodule ElixirCases do
  import :actor, only: [puppet: 0, tell: 2, sees: 2, sees_nothing: 1, node_under_test: 0]

  def cases do
    [
      {:genserver_call_and_cast, &call_and_cast/0},
      {:genserver_call_of_nobody_exits_with_noproc, &call_nobody/0},
      {:genserver_multi_call_and_abcast, &multi_call/0},
      {:genserver_stop_and_whereis, &stop/0},
      {:the_node_calls_a_genserver_of_elixir, &called/0},
      {:structs_and_maps_come_back, &structs/0},
      {:process_monitor_by_pid_and_by_name, &monitor/0},
      {:process_link_and_exit, &link/0},
      {:process_send_with_noconnect, &send_noconnect/0},
      {:node_connect_monitor_and_disconnect, &node_functions/0},
      {:node_ping_says_pong, fn -> :pong = Node.ping(node_under_test()) end},
      {:node_spawn_is_refused_with_notsup, &spawn_refused/0},
      {:task_async_awaits_calls_of_the_node, &tasks/0},
      {:agent_keeps_what_the_node_answers, &agent/0},
      {:supervisor_which_and_count_children, &supervisor/0},
      :otp_cases.state_case(),
      {:pg_members_of_the_node, &groups/0},
      {:global_names_of_the_node, :skip, ~c"the node does not speak global"},
      {:erpc_calls_a_function_of_the_node, :skip, ~c"the node refuses SPAWN_REQUEST with notsup"},
      {:task_supervisor_async_on_the_node, :skip, ~c"a Task.Supervisor runs Elixir's functions, and the node has none"}
    ]
  end

  # `do` is a word of Elixir's own.
  defp command(puppet, command), do: apply(:actor, :do, [puppet, command])
  defp server(name), do: {name, node_under_test()}

  def call_and_cast do
    before = GenServer.call(server(:counter), :read)
    :ok = GenServer.cast(server(:counter), {:add, 3})
    :ok = GenServer.call(server(:counter), {:add, 4})
    7 = GenServer.call(server(:counter), :read) - before
    p = puppet()
    :ok = GenServer.cast(p, {:hello, "elixir"})
    sees(p, {:hello, "elixir"})
  end

  def call_nobody do
    {:noproc, _} = catch_exit(fn -> GenServer.call(server(:nobody), :read) end)
    {{:nodedown, _}, _} = catch_exit(fn -> GenServer.call({:counter, :"absent@127.0.0.9"}, :read) end)
    {:timeout, _} = catch_exit(fn -> GenServer.call(server(:counter), :read_soon, 1) end)
    true = is_integer(GenServer.call(server(:counter), :read_soon))
    receive(do: (other -> raise("got #{inspect(other)}")), after: (0 -> :ok))
  end

  defp catch_exit(body) do
    body.()
    raise "no exit"
  catch
    :exit, reason -> reason
  end

  def multi_call do
    node = node_under_test()
    {[{^node, number}], []} = GenServer.multi_call([node], :counter, :read, 5000)
    true = is_integer(number)
    p = puppet()
    true = command(p, {:register, :listener, p})
    :abcast = GenServer.abcast([node], :listener, :news)
    sees(p, :news)
  end

  def stop do
    p = puppet()
    ref = Process.monitor(p)
    :ok = GenServer.stop(p, :shutdown, 5000)
    receive(do: ({:DOWN, ^ref, :process, ^p, :shutdown} -> :ok), after: (5000 -> raise("not down")))
    {:counter, _} = GenServer.whereis(server(:counter))
  end

  def called do
    {:ok, server} = GenServer.start(PatientServer, nil, name: :patient)
    p = puppet()

    for to <- [server, {:patient, Node.self()}] do
      :ok = command(p, {:call, to, {:echo, %{to: to}}, 5000})
      sees(p, {:response, {:ok, %{to: to}}})
    end

    GenServer.stop(server)
  end

  def structs do
    p = puppet()

    for term <- [%URI{host: "troupe"}, 1..5, ~D[2024-02-29], MapSet.new([1, "two", :three]), {:ok, nil}, ~r/x/.source,
                 "žluťoučký kůň", 'charlist', <<1::3>>, &String.upcase/1] do
      true = term == command(p, {:echo, term})
    end
  end

  def monitor do
    p = puppet()
    true = command(p, {:register, :watched, p})
    by_pid = Process.monitor(p)
    by_name = Process.monitor(server(:watched))
    tell(p, {:exit, {:shutdown, :done}})
    receive(do: ({:DOWN, ^by_pid, :process, ^p, {:shutdown, :done}} -> :ok), after: (5000 -> raise("not down")))
    node = node_under_test()
    receive(do: ({:DOWN, ^by_name, :process, {:watched, ^node}, _} -> :ok), after: (5000 -> raise("not down")))
    again = Process.monitor(p)
    receive(do: ({:DOWN, ^again, :process, ^p, :noproc} -> :ok), after: (5000 -> raise("not down")))
  end

  def link do
    Process.flag(:trap_exit, true)
    p = puppet()
    Process.link(p)
    Process.exit(p, :go)
    receive(do: ({:EXIT, ^p, :go} -> :ok), after: (5000 -> raise("no exit")))
    q = puppet()
    false = command(q, {:trap_exit, true})
    pid = spawn(fn -> receive(do: (:stop -> exit(:stopped))) end)
    :ok = command(q, {:link, pid})
    send(pid, :stop)
    sees(q, {:EXIT, pid, :stopped})
  end

  def send_noconnect do
    p = puppet()
    :ok = Process.send(p, :first, [:noconnect])
    sees(p, :first)
  end

  def node_functions do
    node = node_under_test()
    p = puppet()
    r = Process.monitor(p)
    Node.monitor(node, true)
    true = Node.disconnect(node)
    receive(do: ({:nodedown, ^node} -> :ok), after: (5000 -> raise("no nodedown")))
    receive(do: ({:DOWN, ^r, :process, ^p, :noconnection} -> :ok), after: (5000 -> raise("not down")))
    true = Node.connect(node)
    true = node in Node.list(:connected)
    :ok = command(p, {:send, self(), :hello})
    receive(do: (:hello -> :ok), after: (5000 -> raise("no hello")))
  end

  def spawn_refused do
    Process.flag(:trap_exit, true)
    pid = Node.spawn_link(node_under_test(), fn -> :ok end)
    receive(do: ({:EXIT, ^pid, :notsup} -> :ok), after: (5000 -> raise("no exit")))
  end

  def tasks do
    1..50
    |> Task.async_stream(fn i -> GenServer.call(puppet(), {:echo, i}) end, max_concurrency: 10)
    |> Enum.map(fn {:ok, i} -> i end)
    |> then(fn all -> true = all == Enum.to_list(1..50) end)
  end

  def agent do
    p = puppet()
    {:ok, agent} = Agent.start(fn -> GenServer.call(p, {:echo, :kept}) end)
    :kept = Agent.get(agent, & &1)
    :ok = command(p, {:exit, agent, :kill})
    ref = Process.monitor(agent)
    receive(do: ({:DOWN, ^ref, :process, ^agent, _} -> :ok), after: (5000 -> raise("not down")))
    sees_nothing(p)
  end

  def supervisor do
    [{:door, door, :worker, _}, {:counter, _, :worker, _}] = Supervisor.which_children(server(:tree))
    true = node(door) == node_under_test()
    %{active: 2, specs: 2, supervisors: 0, workers: 2} = Supervisor.count_children(server(:tree))
  end

  def groups do
    p = puppet()
    true = command(p, {:join, :elixir_group})
    :actor.eventually(fn -> :pg.get_members(:pg, :elixir_group) == [p] end)
    :ok = :pg.join(:pg, :elixir_group, self())
    both = Enum.sort([p, self()])
    :actor.eventually(fn -> Enum.sort(command(p, {:members, :elixir_group})) == both end)
  end
end

:case_runner.main(Enum.map(System.argv(), &String.to_charlist/1), ElixirCases.cases())
